"""The market that a simulation plays in: its parameters, in the units that traders use."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fireassay.errors import SettingError

SESSION_MINUTES = 390
SESSIONS_A_YEAR = 252


class Prices(StrEnum):
    """What the prices of a bar are made of."""

    TRADE = "trade"
    """Trades at the bid or the ask: prices bounce between them."""

    MID = "mid"
    """Mid quotes: no bounce."""


class Market(BaseModel):
    """Parameters of a simulated market; the defaults are those of a liquid US share.

    Log-volatility and log-volume are sums of a deterministic U-shape over the session, a slow AR(1)
    from session to session, and an AR(1) from bar to bar that starts anew in each session.
    Persistences from bar to bar are given per minute.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sessions: int = Field(default=120, ge=1, le=10_000, description="Sessions of each symbol.")
    symbols: int = Field(default=1, ge=1, le=500, description="Symbols that trade side by side.")
    common_share: float = Field(
        default=0.3, ge=0, le=1, description="Share of variance that symbols have in common."
    )
    bar_minutes: int = Field(default=1, ge=1, description="Minutes of a bar; 390 is a multiple.")
    start: dt.date = Field(default=dt.date(2023, 1, 3), description="First possible session.")
    early_closes: bool = Field(default=True, description="Close early where the NYSE does.")
    ragged: float = Field(
        default=0.0, ge=0, le=1, description="Share of sessions that end at a random bar."
    )

    price: float = Field(default=180.0, gt=0, description="First price, in dollars.")
    tick: float = Field(default=0.01, gt=0, description="Smallest price step, in dollars.")
    spread_ticks: int = Field(default=1, ge=0, description="Ask minus bid, in ticks.")
    prices: Prices = Field(default=Prices.TRADE, description="Bars of trades or of mid quotes.")
    quotes: bool = Field(default=False, description="Add the columns bid and ask.")

    annual_volatility: float = Field(
        default=0.25, gt=0, le=2, description="Volatility of a year's return, nights included."
    )
    overnight_share: float = Field(
        default=0.25, ge=0, lt=1, description="Share of a day's variance in the overnight gap."
    )
    open_volatility: float = Field(
        default=2.2, ge=1, description="Volatility at the open over that at midday."
    )
    close_volatility: float = Field(
        default=1.3, ge=1, description="Volatility at the close over that at midday."
    )
    volatility_persistence: float = Field(
        default=0.97, ge=0, lt=1, description="AR coefficient of log-volatility, per minute."
    )
    volatility_spread: float = Field(
        default=0.3, ge=0, le=1, description="Standard deviation of log-volatility in a session."
    )
    session_volatility_persistence: float = Field(
        default=0.9, ge=0, lt=1, description="AR coefficient of log-volatility, per session."
    )
    session_volatility_spread: float = Field(
        default=0.25, ge=0, le=1, description="Standard deviation of sessions' log-volatility."
    )

    volume: float = Field(default=15_000.0, gt=0, description="Mean shares per minute.")
    trades: float = Field(default=120.0, gt=0, description="Mean trades per minute.")
    open_volume: float = Field(
        default=3.0, ge=1, description="Volume at the open over that at midday."
    )
    close_volume: float = Field(
        default=3.0, ge=1, description="Volume at the close over that at midday."
    )
    volume_persistence: float = Field(
        default=0.92, ge=0, lt=1, description="AR coefficient of log-volume, per minute."
    )
    volume_spread: float = Field(
        default=0.3, ge=0, le=1, description="Standard deviation of log-volume in a session."
    )
    session_volume_persistence: float = Field(
        default=0.7, ge=0, lt=1, description="AR coefficient of log-volume, per session."
    )
    session_volume_spread: float = Field(
        default=0.2, ge=0, le=1, description="Standard deviation of sessions' log-volume."
    )
    volume_noise: float = Field(
        default=0.3, ge=0, le=2, description="Standard deviation of log-volume's noise per bar."
    )
    volume_follows_volatility: float = Field(
        default=0.8, ge=0, le=2, description="Elasticity of volume to volatility."
    )
    surges: float = Field(default=0.0, ge=0, description="Mean number of volume surges a session.")
    surge_factor: float = Field(default=5.0, ge=1, description="Volume at a surge's first bar.")
    surge_half_life: float = Field(default=8.0, gt=0, description="Minutes in which one halves.")

    fill_forward: bool = Field(
        default=True,
        description="Keep bars without a trade, volume 0, at the last traded price; else no row.",
    )
    steps: int = Field(default=8, ge=2, le=64, description="Prices inside a bar.")

    @model_validator(mode="after")
    def _possible(self) -> Market:
        if SESSION_MINUTES % self.bar_minutes:
            raise SettingError(
                f"bars of {self.bar_minutes} minutes don't fill a session of {SESSION_MINUTES}",
                where="bar_minutes",
                fix="Take 1, 2, 3, 5, 6, 10, 13, 15, 26, 30, 39, 65, 78, 130, 195 or 390.",
            )
        if self.price < 100 * self.tick:
            raise SettingError(
                f"a price of {self.price:g} is less than 100 ticks of {self.tick:g}",
                where="price",
                fix="Raise the price or lower the tick.",
            )
        return self

    @property
    def bars(self) -> int:
        """Bars of a full session."""
        return SESSION_MINUTES // self.bar_minutes

    @property
    def bar_volatility(self) -> float:
        """Root mean square of a bar's relative move over a full session."""
        daily = self.annual_volatility**2 / SESSIONS_A_YEAR * (1 - self.overnight_share)
        return float((daily / self.bars) ** 0.5)

    @property
    def gap_volatility(self) -> float:
        """Standard deviation of the overnight log return."""
        daily = self.annual_volatility**2 / SESSIONS_A_YEAR * self.overnight_share
        return float(daily**0.5)
