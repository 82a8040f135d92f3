import Foundation
import Testing

@testable import Reconciler

@Suite("Numbers from outside")
struct OutsideNumberTests {
    @Test("what is not in the range, or no number, is none")
    func bounds() {
        for text in ["", "x", "-1", "101", "9223372036854775808", "1e3", " 5"] {
            #expect(Int(outside: text, in: 0...100) == nil, "\(text)")
        }
        #expect(Int(outside: "100", in: 0...100) == 100)
        for number in [Double.nan, .infinity, -.infinity, 9.3e18, -1, 100.0001e6] {
            #expect(Int64(outside: number, in: 0...100_000_000) == nil, "\(number)")
        }
        #expect(Int64(outside: 3.9, in: 0...100) == 3)
        #expect(Int32(outside: Int64.max, in: 0 ... .max) == nil)
        #expect(Duration(outsideSeconds: .nan, in: .zero ... .seconds(1)) == nil)
        #expect(Duration(outsideSeconds: 1e300, in: .zero ... .seconds(1)) == nil)
        #expect(Duration(outsideSeconds: 0.25, in: .zero ... .seconds(1)) == .milliseconds(250))
    }

    @Test(
        "seconds in a text are a finite number within the range",
        arguments: [
            ("1", 1000), ("86400", 86_400_000), ("1.5", 1500), ("1e3", 1_000_000), ("0", nil), ("-1", nil),
            ("86401", nil), ("9223372036854775807", nil), ("1e400", nil), ("NaN", nil), ("-inf", nil), ("", nil),
            ("3600s", nil), (" 3600", nil),
        ] as [(String, Int64?)])
    func seconds(text: String, milliseconds: Int64?) {
        let duration = Double(text).flatMap { Duration(outsideSeconds: $0, in: .seconds(1) ... .seconds(86_400)) }
        #expect(duration?.wholeMilliseconds == milliseconds)
    }

    @Test("times and durations stop at the ends of what there is")
    func saturation() {
        let last = Timestamp(milliseconds: .max)
        let first = Timestamp(milliseconds: .min)
        #expect(last + .seconds(1) == last && first - .seconds(1) == first)
        #expect((last - first).wholeMilliseconds == .max && (first - last).wholeMilliseconds == .min)
        #expect(Duration.seconds(Int64.max).wholeMilliseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeMilliseconds == .min)
        #expect(last.description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(Date(timeIntervalSince1970: .infinity)) == last)
        #expect(Timestamp("2026-09-21T14:13:20.9223372036854775807Z") == nil)
    }
}
