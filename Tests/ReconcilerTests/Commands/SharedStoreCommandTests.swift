import Foundation
import Testing

@testable import Reconciler

@Suite("Processes that share a store", .seated, .serialized)
struct SharedStoreCommandTests {
    private let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))

    @Test("two runs over disjoint sets act at once, in one line to the account, and hear callbacks through one of them")
    func disjoint() async throws {
        let fleet = try await SimulatedFleet(
            [("a", 30), ("b", 30)], rollout: "batchSize: 2, requestsPerSecond: 20",
            simulator: ["--callback-delay", "200ms", "--redelivery-interval", "300ms"])
        let runs = [try fleet.apply("a"), try fleet.apply("b")]
        for run in runs {
            let result = await run.result()
            #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        }
        #expect(try await fleet.enabledDevices() == 60)
        #expect(try await fleet.count("repeatedDownloads") == 0)
        // The turns of all requests are in the store: with a line for each process there would be 40 a second.
        let sentAt = try await fleet.read { reader in
            try (1...30).compactMap { try reader.request(RequestNumber($0))?.sentAt }
        }
        #expect(sentAt.count == 30)
        for time in sentAt {
            #expect(sentAt.filter { $0 >= time && $0 < time + .seconds(1) }.count <= 22)
        }
        #expect(try await fleet.read { try $0.leases() }.isEmpty)
        await fleet.end()
    }

    @Test("when the run that listens is killed, the other one listens, and loses nothing")
    func listenerDies() async throws {
        let fleet = try await SimulatedFleet(
            [("a", 20), ("b", 20)], rollout: "batchSize: 2, requestsPerSecond: 40",
            simulator: ["--callback-delay", "700ms", "--redelivery-interval", "300ms"])
        let first = try fleet.apply("a")
        try await fleet.waitUntil("acceptedDevices", "download_enable", reach: 2)
        // Nothing is looked up within the time, so that only callbacks can end it.
        let second = try fleet.apply("b", ["--callback-deadline", "5m"])
        try await fleet.waitUntil("acceptedDevices", "download_enable", reach: 24)
        first.send(SIGKILL)
        _ = await first.result()
        let result = await second.result()
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        let rerun = try await fleet.apply("a").result()
        #expect(rerun.exitCode == 0, "\(rerun.output)\(rerun.errors)")
        #expect(try await fleet.enabledDevices() == 40)
        #expect(try await fleet.count("repeatedDownloads") == 0)
        await fleet.end()
    }

    @Test("three processes that sign in at once with a wrong password never add up to more than two refusals")
    func wrongPassword() async throws {
        let fleet = try await SimulatedFleet([("a", 1), ("b", 1), ("c", 1)], rollout: "requestsPerSecond: 50")
        let wrong = ["THINGSPACE_PASSWORD": "not-the-password"]
        for round in 1...3 {
            let runs = try ["a", "b", "c"].map { try fleet.apply($0, environment: wrong) }
            for run in runs {
                let result = await run.result()
                #expect(result.exitCode == 1)
                #expect(result.errors.contains("THINGSPACE_USERNAME and THINGSPACE_PASSWORD"), "\(result.errors)")
                #expect(!result.errors.contains("not-the-password"))
            }
            let refused = try await fleet.count("refusedLogins")
            #expect(1...2 ~= refused, "round \(round)")
        }
        #expect(try await fleet.count("refusedLogins") == 2)

        let status = try await fleet.run(["status"])
        #expect(status.output.contains("Sign-in is stopped since"), "\(status.output)")
        #expect(status.output.contains("--retry-sign-in"))
        let json = try await fleet.run(["status", "--format", "json"])
        let signIns = try JSONValue(json: Array(json.output.utf8))["signIns"]
        #expect(signIns?.elements.first?["refusals"]?.text == "2")
        #expect(signIns?.elements.first?["stoppedSince"]?.text != nil)

        // A person's word holds for one run, and for one refusal.
        for _ in 0..<2 {
            let retried = try await fleet.apply("a", ["--retry-sign-in"], environment: wrong).result()
            #expect(retried.exitCode == 1)
            let after = try await fleet.apply("b", environment: wrong).result()
            #expect(after.exitCode == 1 && after.errors.contains("are not tried again"), "\(after.errors)")
        }
        #expect(try await fleet.count("refusedLogins") == 4)
        // The next refusal would lock the contact, so that another password is not tried by itself either.
        let other = try await fleet.apply("a", environment: ["THINGSPACE_PASSWORD": "another-one"]).result()
        #expect(other.errors.contains("may lock the contact"), "\(other.errors)")
        let right = try await fleet.apply("a", ["--retry-sign-in"]).result()
        #expect(right.exitCode == 0, "\(right.output)\(right.errors)")
        #expect(try await fleet.apply("b").result().exitCode == 0, "a success begins anew")
        await fleet.end()
    }

    @Test("a second copy during a wave is refused and told by whom; after kill -9 the next one goes on within the wave")
    func secondCopyInAWave() async throws {
        let fleet = try await SimulatedFleet(
            [("meters", 24)], rollout: "batchSize: 2, requestsPerSecond: 4, waves: [10, 50%]",
            simulator: ["--callback-delay", "1500ms", "--redelivery-interval", "300ms"])
        let first = try fleet.apply("meters")
        try await fleet.waitUntil("acceptedDevices", "download_enable", reach: 4)
        // Another process pauses it: the wave lands, and the next one does not begin.
        #expect(try await fleet.run(["pause", "--reason", "test"]).exitCode == 0)
        let refused = try await fleet.apply("meters").result()
        #expect(refused.exitCode == 5)
        for part in ["profile set meters", "`profilectl apply` by", "expires at"] {
            #expect(refused.errors.contains(part), "\(refused.errors)")
        }
        let status = try await fleet.run(["status"])
        #expect(status.output.contains("Acting now on meters: `profilectl apply` by"), "\(status.output)")

        let landed = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            try await fleet.read { try $0.devicesInFlight() }.isEmpty ? true : nil
        }
        #expect(landed == true)
        let wave = try #require(try await fleet.read { try $0.openRollouts() }.first)
        let sent = try await fleet.count("acceptedDevices", "download_enable")
        #expect(4...10 ~= sent, "no more than the first wave")
        #expect([10, 12].contains(wave.waveLimit), "the next one, if the first was full and has landed")

        first.send(SIGKILL)
        _ = await first.result()
        let leases = try await fleet.read { try $0.leases() }
        #expect(leases.count == 1, "the lock of the killed run is there, and has not expired")
        let second = try fleet.apply("meters")
        let isTaken = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            try await fleet.read { try $0.leases() }.contains { $0.holder != leases.first?.holder } ? true : nil
        }
        #expect(isTaken == true)
        #expect(try await fleet.read { try $0.openRollouts() } == [wave], "the same roll-out, in the same wave")
        #expect(try await fleet.count("acceptedDevices", "download_enable") == sent, "it is paused for this one too")
        #expect(try await fleet.run(["resume"]).exitCode == 0)
        let result = await second.result()
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        #expect(try await fleet.enabledDevices() == 24)
        #expect(try await fleet.count("repeatedDownloads") == 0)
        await fleet.end()
    }
}
