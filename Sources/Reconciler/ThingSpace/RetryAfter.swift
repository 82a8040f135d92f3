import Foundation

/// How long the carrier asks to wait: `Retry-After` in seconds or as a date (RFC 9110, sections 10.2.3 and 5.6.7).
enum RetryAfter {
    /// - Parameters:
    ///   - text: the header field.
    ///   - date: the header field `Date` of the same answer, so that the carrier's clock need not agree with ours.
    /// - Returns: `nil` if it says nothing of use: no number and no date, or one that has passed.
    static func wait(_ text: String, date: String?, now: Timestamp) -> Duration? {
        let text = text.trimmingCharacters(in: .whitespaces)
        if let seconds = Int64(outside: text, in: 1...longest) { return .seconds(seconds) }
        guard let time = seconds(since1970: text) else { return nil }
        let sent = date.flatMap { seconds(since1970: $0) } ?? now.milliseconds / 1000
        return time > sent && time - sent <= longest ? .seconds(time - sent) : nil
    }

    /// No carrier means more than a year.
    private static let longest: Int64 = 366 * 86_400

    /// The three forms of a date that a recipient has to understand.
    private static let forms = [
        "EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "EEE MMM d HH:mm:ss yyyy",
    ]

    private static func seconds(since1970 text: String) -> Int64? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        // The oldest form fills a day of one digit up with a space.
        let text = text.split(separator: " ").joined(separator: " ")
        for form in forms {
            formatter.dateFormat = form
            if let date = formatter.date(from: text) {
                return Int64(outside: date.timeIntervalSince1970, in: 0...Int64(Int32.max))
            }
        }
        return nil
    }
}
