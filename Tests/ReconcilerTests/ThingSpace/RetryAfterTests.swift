import Foundation
import Testing

@testable import Reconciler

@Suite("Retry-After")
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110.
    private let now = Timestamp(milliseconds: 784_111_777_000)

    @Test(
        "is read in seconds and in all three forms of a date",
        arguments: [
            ("120", 120), (" 1 ", 1), ("Sun, 06 Nov 1994 08:50:07 GMT", 30), ("Sunday, 06-Nov-94 08:50:07 GMT", 30),
            ("Sun Nov  6 08:50:07 1994", 30), ("Mon, 07 Nov 1994 08:49:37 GMT", 86_400),
        ])
    func readable(text: String, seconds: Int) {
        #expect(RetryAfter.wait(text, date: nil, now: now) == .seconds(seconds))
    }

    @Test(
        "that says nothing of use is as good as none",
        arguments: [
            "", "0", "-5", "soon", "1.5", "99999999999999999999", "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1993 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 2094 08:49:37 GMT",
        ])
    func useless(text: String) {
        #expect(RetryAfter.wait(text, date: nil, now: now) == nil)
    }

    @Test("a date counts from the carrier's own clock if the answer tells it")
    func otherClock() {
        let wait = RetryAfter.wait(
            "Sun, 06 Nov 1994 10:00:30 GMT", date: "Sun, 06 Nov 1994 10:00:00 GMT", now: now)
        #expect(wait == .seconds(30))
    }
}
