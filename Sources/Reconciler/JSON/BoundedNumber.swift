import Foundation

/// Converts numbers from outside: a text that names no finite number within the range names none.
///
/// The range is checked before the conversion, so that no text can overflow a number or a time.
enum BoundedNumber {
    static func integer(_ text: String, within range: ClosedRange<Int64>) -> Int64? {
        Int64(text).flatMap { range.contains($0) ? $0 : nil }
    }

    /// A number of seconds, with or without a fraction; fractions of a millisecond are cut off.
    ///
    /// - Parameter range: whole seconds.
    static func seconds(_ text: String, within range: ClosedRange<Int32>) -> Duration? {
        guard let number = Double(text), number.isFinite, number >= Double(range.lowerBound),
            number <= Double(range.upperBound)
        else { return nil }
        return .milliseconds(Int64(number * 1000))
    }
}
