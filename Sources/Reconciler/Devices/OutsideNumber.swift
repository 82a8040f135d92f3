/// Numbers that come from outside (settings, manifests, the carrier, the state store, the system) enter through these
/// conversions: each names the range that is meant, and what is not in it is `nil`, never a trap. `scripts/lint-numbers`
/// finds conversions that go another way.
extension FixedWidthInteger {
    /// Reads plain decimal digits.
    package init?(outside text: some StringProtocol, in range: ClosedRange<Self>) {
        guard let number = Self(text), range.contains(number) else { return nil }
        self = number
    }

    /// The whole part of a number; `nil` for one that is not finite.
    package init?(outside number: Double, in range: ClosedRange<Self>) {
        guard number.isFinite, let whole = Self(exactly: number.rounded(.towardZero)), range.contains(whole) else {
            return nil
        }
        self = whole
    }

    /// A number of another type.
    package init?(outside number: some BinaryInteger, in range: ClosedRange<Self>) {
        guard let number = Self(exactly: number), range.contains(number) else { return nil }
        self = number
    }

    /// The sum, or the largest or the least number where it lies beyond that.
    func saturatingAdd(_ other: Self) -> Self {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the largest or the least number where it lies beyond that.
    func saturatingSubtract(_ other: Self) -> Self {
        let (difference, isTooLarge) = subtractingReportingOverflow(other)
        return isTooLarge ? (other < 0 ? .max : .min) : difference
    }
}

extension Duration {
    /// A number of seconds, to the millisecond; `nil` for one that is not finite or lies beyond the range.
    package init?(outsideSeconds seconds: Double, in range: ClosedRange<Duration>) {
        guard seconds.isFinite,
            let milliseconds = Int64(
                outside: seconds * 1000, in: range.lowerBound.wholeMilliseconds...range.upperBound.wholeMilliseconds)
        else { return nil }
        self = .milliseconds(milliseconds)
    }
}
