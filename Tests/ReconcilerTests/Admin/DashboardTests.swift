import Foundation
import Testing

@testable import Admin
@testable import Reconciler

@Suite("The dashboard", .timeLimit(.minutes(5)))
struct DashboardTests {
    @Test("the fleet is told at a glance, with what needs a person")
    func fleet() async throws {
        try await AdminScene.run { scene in
            let page = try await scene.call("/").body
            for text in [
                "1,738 of 2,040 devices as desired", "85.1", "phoenix-meters", "Wave 3 of 4",
                "Given up: 20 of 160 devices",
                "The eUICC has no room for another profile.", "8.1,5.1", "7 devices", "Outside its window",
                "0742644905-00001", "4f2c1e9a7b60", "did you mean `accountName`?", "1.2.3-test", "in no manifest",
                try Fleets.eid(400).description,
            ] {
                #expect(page.contains(text.replacing("'", with: "&#39;")), "\(text)")
            }
            #expect(page.contains("<polyline class=\"converged\" points=\"0,"))
        }
    }

    @Test("a device's page and document tell the commit behind what has happened to it")
    func commit() async throws {
        try await AdminScene.run { scene in
            let key = try Fleets.key(1)
            let commit = String(repeating: "0a", count: 20)
            let now = scene.clock.now()
            try await scene.store.write { transaction in
                try transaction.save([DeviceRecord(key: key, account: Fleets.account)])
                let run = try transaction.startRun(
                    RunCause(command: "serve", person: "the controller", commit: commit), at: now)
                let event = StateEvent(at: now, device: key, kind: .intended, run: run, detail: "enable, attempt 1")
                try transaction.append([event])
            }
            let page = try await scene.call("/devices/\(key.eid)").body
            #expect(page.contains("enable, attempt 1 <span class=\"quiet\">(run 1, commit 0a0a0a0a0a0a)</span>"))
            #expect(page.contains("the controller, process"))
            let document = try await scene.call("/api/v1/devices/\(key.eid)").body
            #expect(document.components(separatedBy: "\"commit\":\"\(commit)\"").count == 4, "\(document)")
        }
    }

    @Test("before the manifests are read the page says so")
    func notReady() async throws {
        let status = ControllerStatus(startedAt: ManualClock().now(), manifests: .init(origin: "fleet/"))
        try await AdminScene.run(status: status) { scene in
            let answer = try await scene.call("/")
            #expect(answer.status == 200)
            #expect(answer.body.contains("The manifests are not read yet."))
            #expect(try await scene.call("/readyz").status == 503)
            #expect(
                try await scene.call("/readyz").body
                    == "not ready: the manifests are not read yet; the state store was not tried yet\n")
            #expect(try await scene.call("/healthz").body == "alive\n")
            scene.board.update { status in
                status.lookedAt = status.startedAt
                status.store = .keeps(at: status.startedAt, until: status.startedAt + .seconds(90))
            }
            #expect(try await scene.call("/readyz").body == "ready\n")
        }
    }

    @Test("a store that keeps nothing makes it not ready; a dead carrier and broken manifests are only said")
    func conditions() async throws {
        let elsewhere = "the carrier sends callbacks of an account elsewhere"
        try await AdminScene.run { scene in
            let now = scene.clock.now()
            func ready() async throws -> (status: Int, body: String) {
                let answer = try await scene.call("/readyz")
                return (answer.status, answer.body)
            }
            scene.board.update { $0.carrier = .unreachable(since: now, calls: 4, reason: "Refused by 192.0.2.7.") }
            let degraded = try await ready()
            #expect(degraded.status == 200)
            #expect(
                degraded.body
                    == "ready, but degraded: the carrier cannot be reached; \(elsewhere); "
                    + "the latest manifests are not in use\n")
            #expect(try await scene.call("/").body.contains("Refused by 192.0.2.7."))
            #expect(try await scene.call("/api/v1/status").body.contains("\"carrierProblem\":\"The carrier cannot"))
            let metrics = try await scene.call("/metrics").body
            #expect(metrics.contains("profilectl_carrier_trouble{kind=\"unreachable\"} 1\n"))
            #expect(metrics.contains("profilectl_carrier_trouble{kind=\"signIn\"} 0\n"))
            #expect(metrics.contains("profilectl_store_writable 1\n") && metrics.contains("profilectl_ready 1\n"))

            scene.board.update { status in
                status.manifests.problem = nil
                status.carrier = .noSignIn(since: now, reason: "The carrier refused THINGSPACE_PASSWORD.")
                status.store = .fails(StateStoreError(.full, "The disk of /secret/state.db is full."), since: now)
            }
            let full = try await ready()
            #expect(full.status == 503)
            #expect(
                full.body
                    == "not ready: the state store keeps nothing: its disk is full; nobody is signed in at the carrier; "
                    + "\(elsewhere)\n")
            #expect(try await scene.call("/").body.contains("The disk of /secret/state.db is full."))
            #expect(try await scene.call("/api/v1/status").body.contains("\"isReady\":false"))
            let later = try await scene.call("/metrics").body
            #expect(later.contains("profilectl_store_writable 0\n") && later.contains("profilectl_ready 0\n"))
            #expect(later.contains("profilectl_carrier_trouble{kind=\"signIn\"} 1\n"))

            // A try that does not come to its end.
            scene.board.update { status in
                status.carrier = .answers(since: now)
                status.store = .keeps(at: now, until: now + .seconds(90))
            }
            #expect(try await ready().body == "ready, but degraded: \(elsewhere)\n")
            scene.clock.advance(by: .seconds(90))
            #expect(
                try await ready().body
                    == "not ready: the state store keeps nothing: it does not answer; \(elsewhere)\n")
        }
    }

    @Test("no text of the carrier, a manifest or a person gets out of its place")
    func escaping() async throws {
        let hostile = SampleController.hostile
        try await AdminScene.run(status: try SampleController.hostileStatus(now: ManualClock().now())) { scene in
            try await SampleController.fill(scene.store, now: scene.clock.now(), count: 40, text: hostile)
            try await PauseSession(store: scene.store, clock: scene.clock).pause(nil, reason: hostile, by: hostile)
            let eids = try (0..<4).map { try Fleets.eid($0).description }
            let query = hostile.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            let paths = [
                "/", "/devices", "/devices?standing=failed", "/devices?search=\(query)", "/devices/\(query)",
                "/\(query)",
            ]
            for path in paths + eids.map({ "/devices/\($0)" }) {
                let page = try await scene.call(path).body
                #expect(
                    page.contains("alert(1)") || path.hasPrefix("/devices/%") || path == "/\(query)",
                    "it is shown: \(path)")
                // By bytes, as a browser reads it: to Swift a mark and an accent are one character.
                let bytes = Array(page.utf8)
                for bad in ["<script>", "\"\u{301}", "<\u{301}", "'alert", "\u{202E}", "\u{0}", "</title>{"] {
                    #expect(!bytes.contains(Array(bad.utf8)), "\(bad.debugDescription) in \(path)")
                }
                #expect(page.components(separatedBy: "<script ").count <= 2)
                #expect(
                    page.components(separatedBy: "</title>").count <= 2 + page.components(separatedBy: "<rect").count)
            }
        }
    }

    @Test("templates escape everything, and hold no script or style of their own")
    func templates() {
        for (name, bytes) in PageTemplates.texts {
            let text = String(decoding: bytes, as: UTF8.self)
            for bad in ["{{{", "{{&", "style=", "onclick", "<style", "javascript:", "http://", "https://"] {
                #expect(!text.contains(bad), "\(bad) in \(name)")
            }
            // A value outside of quotation marks could end an attribute with a blank.
            #expect(text.firstMatch(of: #/\s[a-z-]+=\{\{/#) == nil, "\(name)")
        }
    }

    @Test("pause and resume are written to the store with who did it, and the controller is woken")
    func pause() async throws {
        try await AdminScene.run(token: AdminScene.token) { scene in
            let cookie = try #require(try await scene.signIn())
            let seal = try #require(try await scene.call("/", headers: ["Cookie": cookie]).seal)
            let paused = try await scene.submit("/pause", ["seal": seal, "reason": "ticket 4711"], cookie: cookie)
            #expect(paused.status == 303 && paused.headers["location"] == "/")
            #expect(scene.wakeup.count == 1)
            let pauses = try await scene.store.read { try $0.pauses() }
            #expect(pauses.map(\.scope) == [.everything])
            #expect(pauses.map(\.reason) == ["ticket 4711"])
            #expect(pauses.map(\.by) == ["the dashboard with its token, from 127.0.0.1"])
            let page = try await scene.call("/", headers: ["Cookie": cookie]).body
            #expect(page.contains("Paused: everything") && page.contains("ticket 4711"))
            #expect(!page.contains("Pause everything"))

            // A program with the token needs no page.
            let bearer = [
                "Authorization": "Bearer \(AdminScene.token)", "Content-Type": "application/x-www-form-urlencoded",
            ]
            #expect(try await scene.call("/pause", "POST", headers: bearer, body: "profileSet=cars").status == 204)
            #expect(try await scene.call("/pause", "POST", headers: bearer, body: "profileSet=nothing").status == 404)
            #expect(try await scene.store.read { try $0.pauses().count } == 2)
            #expect(
                try await scene.submit("/resume", ["seal": seal, "profileSet": "cars"], cookie: cookie).status == 303)
            #expect(try await scene.store.read { try $0.pauses().map(\.scope) } == [.everything])
            #expect(try await scene.call("/resume", "POST", headers: bearer, body: "").status == 204)
            #expect(try await scene.store.read { try $0.pauses() } == [])
        }
    }

    @Test("a roll-out that was given up begins anew by `Resume`")
    func resumeRollout() async throws {
        try await AdminScene.run { scene in
            let now = scene.clock.now()
            try await scene.store.write { transaction in
                var rollout = try transaction.startRollout(of: "cars", at: now)
                rollout.abort = .init(at: now, reason: "too many failed")
                try transaction.update(rollout)
            }
            let page = try await scene.call("/")
            let seal = try #require(page.seal)
            let answer = try await scene.submit("/resume", ["seal": seal, "profileSet": "cars"], cookie: page.cookie)
            #expect(answer.status == 303)
            #expect(try await scene.store.read { try $0.openRollouts() } == [])
        }
    }

    @Test("a failed device is found by its first digits, and its page tells what happened")
    func search() async throws {
        try await AdminScene.run { scene in
            try await SampleController.fill(scene.store, now: scene.clock.now())
            let failed = try Fleets.key(5)
            for text in [failed.eid.description, failed.iccid.description, "350000000000005", " 3500-0000 0000 005"] {
                let query = text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                let page = try await scene.call("/devices?search=\(query)").body
                #expect(page.components(separatedBy: "<tr role=\"row\" data-key=").count == 2, "\(text)")
                #expect(page.contains("/devices/\(failed.eid)"))
            }
            let page = try await scene.call("/devices/\(failed.eid)").body
            for text in [
                "8.1,5.1", "no room for another profile", "intended", "accepted", "350000000000005", "requestId",
            ] {
                #expect(page.contains(text), "\(text)")
            }
            #expect(try await scene.call("/devices/1").status == 404)
            #expect(try await scene.call("/devices/abc").status == 400)
            #expect(try await scene.call("/devices?search=abc").body.contains("1 to 32 digits"))
            // Page by page, each device once.
            var seen: [String] = []
            var next: String? = "/devices"
            while let path = next {
                let page = try await scene.call(path).body
                seen += page.matches(of: #/class="digits" href="/devices/(\d+)"/#).map { String($0.1) }
                next = page.firstMatch(of: #/class="button" href="([^"]+)"/#).map {
                    String($0.1).replacing("&amp;", with: "&")
                }
            }
            #expect(seen == seen.sorted() && Set(seen).count == 120)
        }
    }

    @Test("the page goes on when the store cannot be read, and says so")
    func brokenStore() async throws {
        try await AdminScene.run { scene in
            scene.outage.begin()
            scene.clock.advance(by: .seconds(2))
            let page = try await scene.call("/")
            #expect(page.status == 200)
            #expect(page.body.contains("State store"))
            #expect(try await scene.call("/readyz").status == 503)
            #expect(try await scene.call("/devices").status == 503)
            #expect(try await scene.call("/api/v1/devices").status == 503)
            #expect(try await scene.call("/metrics").body.contains("profilectl_store_readable 0"))
        }
    }
}

extension Array<UInt8> {
    fileprivate func contains(_ part: [UInt8]) -> Bool { firstRange(of: part) != nil }
}
