//! How many visits a rate over a time makes.

use super::element::{Count, Extent, Rate};
use crate::model::PeriodUnit;

/// Visits of one phase or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visits {
    /// Exactly, where the words settle it.
    low: Option<u32>,
    high: Option<u32>,
    /// Roughly, for comparing with a stated total; None where a phase is open.
    about: Option<(u32, u32)>,
    /// Months or days make it inexact.
    pub(super) inexact: bool,
    any: bool,
}

impl Visits {
    pub(super) fn none_yet() -> Self {
        Self { low: Some(0), high: Some(0), about: Some((0, 0)), inexact: false, any: false }
    }

    /// Both, one after the other.
    pub(super) fn and(self, other: Self) -> Self {
        let add = |a: Option<u32>, b: Option<u32>| a.zip(b).map(|(a, b)| a.saturating_add(b));
        Self {
            low: add(self.low, other.low),
            high: add(self.high, other.high),
            about: self.about.zip(other.about).map(|(a, b)| (a.0.saturating_add(b.0), a.1.saturating_add(b.1))),
            inexact: self.inexact || other.inexact,
            any: true,
        }
    }

    pub(super) fn exact(self) -> Count {
        if self.any { Count { low: self.low, high: self.high } } else { Count { low: None, high: None } }
    }

    /// Whether a stated total fits.
    pub(super) fn allows(self, stated: Count) -> bool {
        let Some((low, high)) = self.about.filter(|_| self.any) else { return true };
        // a stated limit need not be used up, but it must not forbid the rate
        let fits_low = stated.high.is_none_or(|most| low <= most);
        let fits_high = stated.low.is_none_or(|least| least <= high);
        fits_low && fits_high
    }
}

/// The visits that `rate` makes over `extent`.
pub(super) fn visits(rate: &Rate, extent: Option<Extent>) -> Visits {
    let unit = rate.unit.unwrap_or(PeriodUnit::Week);
    let Some((extent, length_unit)) = extent.and_then(|extent| extent.unit.map(|unit| (extent, unit))) else {
        return Visits { low: None, high: None, about: None, inexact: false, any: true };
    };
    let exact = |count: Option<u32>, length: u32, period: u32| -> Option<u32> {
        let length = match (length_unit, unit) {
            (a, b) if a == b => length,
            (PeriodUnit::Year, PeriodUnit::Month) => length.checked_mul(12)?,
            (PeriodUnit::Week, PeriodUnit::Day) => length.checked_mul(7)?,
            _ => return None,
        };
        (0 < period && length % period == 0).then(|| count?.checked_mul(length / period)).flatten()
    };
    let days = length_unit == PeriodUnit::Week && unit == PeriodUnit::Day && 1 < rate.period;
    let convertible = length_unit == unit || (length_unit == PeriodUnit::Year && unit == PeriodUnit::Month) || days;
    let units_each = if days {
        7
    } else if length_unit == unit {
        1
    } else {
        12
    };
    let divides = |length: u32| 0 < rate.period && length.saturating_mul(units_each) % rate.period == 0;
    let divides = divides(extent.low) && divides(extent.high) && rate.period_max.is_none();
    let low_count = if extent.at_most && extent.low != extent.high { None } else { rate.count.low };
    let (low, high) = if convertible && divides {
        (exact(low_count, extent.low, rate.period), exact(rate.count.high, extent.high, rate.period))
    } else {
        (None, None)
    };
    Visits { low, high, about: about(rate, extent, unit, length_unit), inexact: !(convertible && divides), any: true }
}

fn about(rate: &Rate, extent: Extent, unit: PeriodUnit, length_unit: PeriodUnit) -> Option<(u32, u32)> {
    let days = |unit: PeriodUnit| match unit {
        PeriodUnit::Day => (1.0, 1.0),
        PeriodUnit::Week => (7.0, 7.0),
        PeriodUnit::Month => (28.0, 31.0),
        PeriodUnit::Year => (365.0, 366.0),
    };
    let periods_least = f64::from(extent.low) * days(length_unit).0
        / (f64::from(rate.period_max.unwrap_or(rate.period)) * days(unit).1);
    let periods_most = f64::from(extent.high) * days(length_unit).1 / (f64::from(rate.period) * days(unit).0);
    let same = length_unit == unit;
    let (least, most) = if same {
        (
            f64::from(extent.low) / f64::from(rate.period_max.unwrap_or(rate.period)),
            f64::from(extent.high) / f64::from(rate.period),
        )
    } else {
        (periods_least, periods_most)
    };
    let low = f64::from(rate.count.low.unwrap_or(0)) * least.floor();
    let high = rate.count.high.map_or(f64::from(u32::MAX), |count| f64::from(count) * most.ceil());
    // a float to integer cast saturates
    Some((low as u32, high as u32))
}
