import Foundation
import Testing

@testable import Admin
@testable import Reconciler

@Suite("Metrics of the admin endpoint", .timeLimit(.minutes(5)))
struct MetricsPageTests {
    private func value(_ line: String, _ text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(line + " ") }.flatMap { Double($0.dropFirst(line.count + 1)) }
    }

    @Test("the numbers of the board and of the store are there")
    func numbers() async throws {
        try await AdminScene.run { scene in
            // Counters begin with the process: the first look only marks where counting begins.
            _ = try await scene.call("/metrics")
            try await SampleController.fill(scene.store, now: scene.clock.now())
            try await scene.store.write { transaction in
                try transaction.raiseCounter("callbacks.wrongPath", by: 4)
                try transaction.save(SignInRecord(credential: "oauth 1a2b", refusals: 2, at: .init(milliseconds: 0)))
                try transaction.save(
                    Pause(scope: .profileSet("cars"), by: "ann", reason: "", at: .init(milliseconds: 0)))
            }
            let kept = try await scene.call("/metrics").body
            #expect(value("profilectl_events_total{kind=\"intended\"}", kept) == 0, "kept for a second")
            scene.clock.advance(by: .seconds(2))
            let text = try await scene.call("/metrics").body
            let numbers: [(String, Double)] = [
                ("profilectl_build_info{version=\"1.2.3-test\"}", 1), ("profilectl_ready", 1),
                ("profilectl_devices{profile=\"downloadedEnabled\"}", 1741),
                ("profilectl_set_devices{set=\"phoenix-meters\",standing=\"pending\"}", 51),
                ("profilectl_set_devices{set=\"phoenix-meters\",standing=\"drift\"}", 7),
                ("profilectl_rollout_wave{set=\"phoenix-meters\"}", 3), ("profilectl_rollout_aborted{set=\"cars\"}", 1),
                ("profilectl_paused", 0), ("profilectl_set_paused{set=\"cars\"}", 1),
                ("profilectl_callbacks_total{verdict=\"settled\"}", 1), ("profilectl_callbacks_unread", 24),
                ("profilectl_callbacks_refused_total{reason=\"wrongPath\"}", 4),
                ("profilectl_events_total{kind=\"intended\"}", 96), ("profilectl_events_total{kind=\"failed\"}", 24),
                ("profilectl_requests_total{kind=\"downloadEnable\"}", 96), ("profilectl_manifests_ok", 0),
                ("profilectl_sign_in_refusals{credential=\"oauth 1a2b\"}", 2),
                ("profilectl_troubled_devices{kind=\"failed\",code=\"8.1,5.1\"}", 33),
                ("profilectl_account_callbacks_ok{account=\"1223334444-00001\"}", 0),
            ]
            for (line, expected) in numbers {
                #expect(value(line, text) == expected, "\(line)")
            }
            #expect((value("process_resident_memory_bytes", text) ?? 0) > 1_000_000)
            #expect((value("process_open_fds", text) ?? 0) > 2)
            // What stood before the first unread callback is counted once it is read.
            try await scene.store.write { transaction in
                for callback in try transaction.unreadCallbacks(limit: 100) {
                    try transaction.mark(callback.number, as: .late, device: nil)
                }
            }
            scene.clock.advance(by: .seconds(2))
            let later = try await scene.call("/metrics").body
            #expect(value("profilectl_callbacks_total{verdict=\"settled\"}", later) == 72)
            #expect(value("profilectl_callbacks_total{verdict=\"late or repeated\"}", later) == 24)
            #expect(value("profilectl_events_total{kind=\"intended\"}", later) == 96, "nothing is counted twice")
        }
    }

    @Test("promtool has nothing to say against them, in both formats", APITool.promtool.isThere)
    func promtool() async throws {
        let statuses = [
            try SampleController.status(now: ManualClock().now()),
            try SampleController.hostileStatus(now: ManualClock().now()),
        ]
        for status in statuses {
            try await AdminScene.run(status: status) { scene in
                try await SampleController.fill(scene.store, now: scene.clock.now())
                let answer = try await scene.call("/metrics")
                #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                let result = try await APITool.promtool.run(["check", "metrics"], input: answer.body)
                #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
                #expect(result.output + result.errors == "")
            }
        }
    }

    @Test("who asks for OpenMetrics gets it")
    func openMetrics() async throws {
        try await AdminScene.run { scene in
            let answer = try await scene.call(
                "/metrics", headers: ["Accept": "application/openmetrics-text; version=1.0.0"])
            #expect(answer.headers["content-type"]?.hasPrefix("application/openmetrics-text") == true)
            #expect(answer.body.hasSuffix("# EOF\n"))
            #expect(answer.body.contains("# TYPE profilectl_events counter"))
        }
    }
}
