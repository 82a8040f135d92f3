import Foundation
import Simulator
import Testing

@testable import Reconciler

@Suite("The timeline of a device")
struct DeviceTimelineTests {
    @Test("it names the run, the plan, the HTTP call, the list and the callbacks behind everything that happened")
    func causes() async throws {
        var options = Harness.quickCarrier
        options.warningRate = 1
        // Long enough that the warning is kept first, on a busy machine too.
        options.warningDelay = 0.5
        options.duplicateRate = 1
        let yaml = try Fleets.yaml(4, rollout: "rollout: {requestsPerSecond: 1000}")
        let fleet = try await Fleets.fleet(yaml)
        try await RunScene.with(Harness.inventory(fleet), options) { scene in
            let saved = try await scene.savedPlan(yaml)
            #expect(try await scene.apply(.savedPlan(saved)).ending == .settled)
            let eid = try Fleets.eid(2)
            let device = try #require(try await StatusSession(settings: scene.settings).devices(of: eid).first)

            let run = try #require(device.runs.first)
            #expect(device.runs.count == 1 && run.command == "apply" && run.ending == "settled")
            #expect(run.plan == saved.checksum.description && run.fleet == saved.fleetDigest.description)
            #expect(run.person == RunOwner(command: "x").person && run.process == RunOwner.currentProcess)

            let kinds = device.timeline.map(\.event)
            #expect(
                kinds.filter { $0 != "callback" } == [
                    "run 1", "looked up", "intended", "accepted", "enable pending", "succeeded",
                ])
            #expect(kinds.count { $0 == "callback" } == 2)
            let details = Dictionary(device.timeline.map { ($0.event, $0) }) { first, _ in first }
            #expect(details["run 1"]?.detail.contains("saved plan \(saved.checksum.short)") == true)
            #expect(details["looked up"]?.cause?.hasPrefix("v2 device list of 4 devices of account") == true)
            #expect(details["looked up"]?.cause?.hasSuffix("by run 1") == true)
            #expect(details["intended"]?.detail == "downloadEnable, attempt 1: notDownloaded -> downloaded-enabled")
            #expect(details["intended"]?.cause == "run 1")
            #expect(details["accepted"]?.cause?.hasPrefix("downloadEnable for 4 devices of account") == true)
            #expect(details["succeeded"]?.cause?.hasPrefix("callback ") == true)

            let request = try #require(device.requests.first { $0.number == details["accepted"]?.request })
            #expect(request.asks == "downloadEnable" && request.devices == 4 && request.run == run.number)
            #expect(details["accepted"]?.detail == "request \(request.requestId ?? "none")")
            let list = try #require(device.requests.first { $0.number == details["looked up"]?.request })
            #expect(list.asks == "deviceList" && list.run == run.number)

            let messages = device.timeline.filter { $0.event == "callback" }.compactMap(\.callback)
            #expect(messages == device.callbacks.map(\.number))
            for callback in device.callbacks {
                #expect(callback.text.contains("deviceProfileResponse"))
                #expect(!callback.text.contains("callback-secret") && !callback.text.contains("password"))
            }
            let operations = Set(device.timeline.filter { $0.event != "run 1" }.dropFirst().map(\.operation))
            #expect(operations.count == 1, "one operation from intent to outcome")
        }
    }

    @Test("the commit of the manifests stands beside everything that it has caused, as text, as JSON and in the run")
    func commit() async throws {
        let yaml = try Fleets.yaml(2, rollout: "rollout: {requestsPerSecond: 1000}")
        let fleet = try await Fleets.fleet(yaml)
        let commit = String(repeating: "0a", count: 20)
        try await RunScene.with(Harness.inventory(fleet)) { scene in
            #expect(try await scene.apply(.fleet(fleet), commit: commit).ending == .settled)
            let device = try #require(
                try await StatusSession(settings: scene.settings).devices(of: try Fleets.eid(1)).first)
            #expect(device.runs.map(\.commit) == [commit])
            for event in device.timeline { #expect(event.commit == commit, "\(event.event)") }
            let events = Dictionary(device.timeline.map { ($0.event, $0) }) { first, _ in first }
            #expect(events["run 1"]?.detail.hasSuffix("commit 0a0a0a0a0a0a") == true)
            #expect(events["intended"]?.cause == "run 1, commit 0a0a0a0a0a0a")
            #expect(events["accepted"]?.cause?.hasSuffix(", commit 0a0a0a0a0a0a") == true)
            #expect(events["callback"]?.cause?.hasPrefix("callback ") == true)

            let settings = ["--state", scene.settings.state]
            let text = try await Binary.run(["status", "\(try Fleets.eid(1))"] + settings, in: "/").output
            let lines = text.split(separator: "\n").filter { $0.wholeMatch(of: #/ {4}\d{4}-.*/#) != nil }
            #expect(lines.count == device.timeline.count)
            for line in lines { #expect(line.contains("commit 0a0a0a0a0a0a"), "\(line)") }
            let summary = try await Binary.run(["status"] + settings, in: "/").output
            #expect(summary.contains(": settled, commit 0a0a0a0a0a0a\n"), "\(summary)")
            let json = try await Binary.run(
                ["status", "\(try Fleets.eid(1))", "--format", "json"] + settings, in: "/"
            ).output
            #expect(json.contains(commit))
        }
    }

    @Test("who settles a device by hand, and who pauses, is written down as a run")
    func people() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = try Fleets.key(1)
        try await store.write { try $0.save([DeviceRecord(key: key, account: Fleets.account)]) }
        var settings = Settings()
        settings.state = "sqlite:\(folder.path)/state.db"
        let device = try await ResolveSession(settings: settings, clock: SystemClock(), person: "ann on desk").resolve(
            key.eid, nil, as: "DISABLE")
        #expect(device.runs.map(\.person) == ["ann on desk"] && device.runs.map(\.command) == ["resolve"])
        #expect(device.timeline.map(\.event) == ["run 1", "resolved by hand"])
        let session = PauseSession(store: store, clock: SystemClock())
        try await session.pause("fleet", reason: "outage", by: "bob on desk", alsoKnown: ["fleet"])
        _ = try await session.resume(.all, by: "ann on desk")
        _ = try await session.resume(.all, by: "eve on desk")
        let runs = try await StatusSession(settings: settings).fleet().latestRuns
        #expect(runs.map(\.command) == ["resume", "pause", "resolve"], "what changes nothing is no run")
        #expect(runs.map(\.person) == ["ann on desk", "bob on desk", "ann on desk"])
        #expect(runs[1].detail == "fleet: outage")
    }

    @Test("a message that changes nothing, and a look-up that tells nothing, have their place in the timeline")
    func silent() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let key = try Fleets.key(1)
        let clock = ManualClock()
        let policy = ConvergencePolicy()
        let run = try await store.write { transaction in
            try transaction.save([DeviceRecord(key: key, account: Fleets.account)])
            return try transaction.startRun(RunCause(command: "apply", person: "ann"), at: clock.now())
        }
        clock.advance(by: .seconds(1))
        let askedAt = clock.now()
        clock.advance(by: .seconds(1))
        try await SightingRecords(store: store, policy: policy, run: run).keep(
            AccountSightings(account: Fleets.account), missing: [key],
            ListProof(isWhole: true, tellsEveryStatus: true, asOf: askedAt), desired: [:], at: clock.now())
        clock.advance(by: .seconds(1))
        // A success of an operation that is over is late.
        let now = clock.now()
        try await store.write { transaction in
            var request = try transaction.addRequest(
                .action(.enable, Fleets.smsr), account: Fleets.account, deviceCount: 1, at: now, by: run)
            request.outcome = .accepted(RequestID("r-1"))
            try transaction.update(request)
            let intent = OperationIntent(
                key: key, action: .enable, account: Fleets.account, smsr: Fleets.smsr, attempt: 1, run: run)
            var operations = try transaction.addOperations([intent], under: request.number, at: now)
            operations[0].phase = .succeeded
            try transaction.update(operations)
        }
        clock.advance(by: .seconds(1))
        let text = """
            {"requestId":"r-1","deviceIds":[{"kind":"Iccid","id":"\(key.iccid)"}],"deviceResponse":
            {"deviceProfileResponse":{"profileStatus":"ENABLE","euiccStatus":"EXECUTED_SUCCESS"}}}
            """
        let callback = try ReceivedCallback(json: Array(text.utf8)).kept(at: clock.now())
        try await store.write { try $0.keep([callback]) }
        try await CallbackFolder(store: store, clock: clock, policy: policy, wakeup: Wakeup()).readAll()
        var settings = Settings()
        settings.state = "sqlite:\(folder.path)/state.db"
        let device = try #require(try await StatusSession(settings: settings).devices(of: key.eid).first)
        #expect(device.timeline.map(\.event) == ["run 1", "looked up", "observed"])
        #expect(device.timeline[1].detail == "the carrier's lists do not have it on account \(Fleets.account)")
        #expect(device.timeline[1].cause == "run 1")
        #expect(device.timeline[2].detail.hasPrefix("a message under its request contradicts what is known"))
    }
}
