import Testing

@testable import Reconciler

@Suite("Metrics as text")
struct MetricsTextTests {
    private func text(_ format: MetricsText.Format) -> String {
        var text = MetricsText(format: format)
        text.add("devices", .gauge, "Devices by \"state\".", [.init(3, ["state": "a\"b\\c\nd"]), .init(0.5)])
        text.add("requests", .counter, "Requests sent.", [.init(1_000_000)])
        text.add("nothing", .gauge, "Nothing.", [])
        return text.finished()
    }

    @Test("Prometheus' format names a counter with its suffix, and escapes labels")
    func prometheus() {
        #expect(
            text(.prometheus) == """
                # HELP profilectl_devices Devices by "state".
                # TYPE profilectl_devices gauge
                profilectl_devices{state="a\\"b\\\\c\\nd"} 3
                profilectl_devices 0.5
                # HELP profilectl_requests_total Requests sent.
                # TYPE profilectl_requests_total counter
                profilectl_requests_total 1000000

                """)
    }

    @Test("OpenMetrics names the family without the suffix, and says where the text ends")
    func openMetrics() {
        let text = text(.openMetrics)
        #expect(text.contains("# TYPE profilectl_requests counter\nprofilectl_requests_total 1000000\n"))
        #expect(text.hasSuffix("# EOF\n"))
    }

    @Test("who asks for OpenMetrics gets it, everybody else Prometheus' format")
    func negotiation() {
        #expect(
            MetricsText.Format(accept: "application/openmetrics-text;version=1.0.0,text/plain;q=0.5") == .openMetrics)
        #expect(MetricsText.Format(accept: "*/*") == .prometheus)
        #expect(MetricsText.Format(accept: nil) == .prometheus)
    }

    @Test("no label ends before its end")
    func hostileLabels() {
        var text = MetricsText(format: .prometheus)
        text.add("devices", .gauge, "Devices.", [.init(1, ["state": "\"\u{301}\n\u{301}\\\u{301}\u{0}"])])
        let line = text.finished().split(separator: "\n").last.map { Array($0.unicodeScalars) }
        #expect(
            line == Array("profilectl_devices{state=\"\\\"\u{301}\\n\u{301}\\\\\u{301}\u{FFFD}\"} 1".unicodeScalars))
    }
}
