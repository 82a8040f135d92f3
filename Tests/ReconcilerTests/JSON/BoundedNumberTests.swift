import Testing

@testable import Reconciler

@Suite("Numbers from outside")
struct BoundedNumberTests {
    @Test(
        "seconds are a finite number within the range",
        arguments: [
            ("1", 1000), ("3600", 3_600_000), ("86400", 86_400_000), ("1.5", 1500), ("1e3", 1_000_000), ("0", nil),
            ("-1", nil), ("0.999", nil), ("86401", nil), ("9223372036854775807", nil), ("18446744073709551616", nil),
            ("1e400", nil), ("NaN", nil), ("nan", nil), ("inf", nil), ("-inf", nil), ("Infinity", nil), ("", nil),
            ("3600s", nil), (" 3600", nil),
        ] as [(String, Int64?)])
    func seconds(text: String, milliseconds: Int64?) {
        #expect(BoundedNumber.seconds(text, within: 1...86_400)?.wholeMilliseconds == milliseconds)
    }

    @Test("whole numbers lie within the range")
    func integers() {
        #expect(BoundedNumber.integer("5", within: 1...5) == 5)
        for text in ["0", "6", "-1", "9223372036854775808", "1e1", "", "five"] {
            #expect(BoundedNumber.integer(text, within: 1...5) == nil, "\(text)")
        }
    }
}
