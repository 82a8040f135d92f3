import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Reconciler

/// Runs on one store that listen at the same address come and go; a message of the carrier that is not acknowledged
/// does not come again within these tests.
@Suite("Listeners that take turns", .serialized)
struct ListenerHandOverTests {
    private static let once = ["--redelivery-interval", "10m"]

    @Test("when the first run ends, and when others come and go, no message is refused and none is lost")
    func comeAndGo() async throws {
        let fleet = try await SimulatedFleet(
            [("a", 4), ("b", 60), ("c", 4), ("d", 4)], rollout: "batchSize: 1, requestsPerSecond: 30",
            simulator: ["--callback-delay", "100ms"] + Self.once)
        let first = try fleet.apply("a", Self.onlyCallbacks)
        try await fleet.waitUntil("acceptedDevices", "download_enable", reach: 1)
        let long = try fleet.apply("b", Self.onlyCallbacks)
        for run in [first, try fleet.apply("c", Self.onlyCallbacks), try fleet.apply("d", Self.onlyCallbacks), long] {
            let result = await run.result()
            #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        }
        #expect(try await fleet.enabledDevices() == 72)
        let sent = try await fleet.count("callbacksSent")
        #expect(try await fleet.count("callbacksAcknowledged") == sent, "each message was acknowledged at once")
        await fleet.end()
    }

    @Test(
        "when the run that has bound the address is killed, no connection is refused, and the other one keeps what comes"
    )
    func killed() async throws {
        let fleet = try await SimulatedFleet(
            [("a", 1), ("b", 1)], rollout: "requestsPerSecond: 100", simulator: SimulatedFleet.silence)
        let first = try fleet.apply("a", Self.onlyCallbacks)
        try await Self.waitUntilRunsListen(1, fleet)
        let second = try fleet.apply("b", Self.onlyCallbacks)
        try await Self.waitUntilRunsListen(2, fleet)
        try await fleet.waitUntil("acceptedDevices", "download_enable", reach: 2)
        let port = fleet.callbackPort
        async let connected = Self.connect(200, to: port)
        first.send(SIGKILL)
        _ = await first.result()
        #expect(try await connected == 200)
        #expect(try await Self.connect(50, to: port) == 50)
        // For both of them, since it is the same store.
        for device in 0..<2 { #expect(try await fleet.tellSuccess(of: device) == 200) }
        for run in [second, try fleet.apply("a", Self.onlyCallbacks)] {
            let result = await run.result()
            #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        }
        #expect(try await fleet.count("repeatedDownloads") == 0)
        await fleet.end()
    }

    @Test("a refresh beside runs that end gets every answer to its lists, whoever keeps it")
    func refresh() async throws {
        let fleet = try await SimulatedFleet(
            [("a", 6), ("b", 6)], rollout: "batchSize: 1, requestsPerSecond: 30",
            simulator: ["--callback-delay", "150ms"] + Self.once)
        let runs = [try fleet.apply("a", Self.onlyCallbacks), try fleet.apply("b", Self.onlyCallbacks)]
        try await fleet.waitUntil("acceptedDevices", "download_enable", reach: 3)
        let refreshed = try await fleet.refresh("a").result()
        #expect(refreshed.exitCode == 0, "\(refreshed.output)\(refreshed.errors)")
        for run in runs {
            let result = await run.result()
            #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        }
        await fleet.end()
    }

    @Test("a run on another store finds the address taken, and is given nothing that is not meant for it")
    func otherStore() async throws {
        let fleet = try await SimulatedFleet(
            [("a", 1)], rollout: "requestsPerSecond: 100", simulator: SimulatedFleet.silence)
        let run = try fleet.apply("a", Self.onlyCallbacks)
        try await Self.waitUntilRunsListen(1, fleet)
        try await fleet.waitUntil("acceptedDevices", "download_enable", reach: 1)
        let other = try await fleet.apply("a", ["--state", "sqlite:other.db"]).result()
        #expect(other.exitCode == 1 && other.errors.contains("cannot be listened for"), "\(other.errors)")
        #expect(try await fleet.tellSuccess(of: 0) == 200)
        let result = await run.result()
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        await fleet.end()
    }

    /// Nothing is looked up within the time.
    private static let onlyCallbacks = ["--callback-deadline", "5m", "--timeout", "2m"]

    private static func waitUntilRunsListen(_ count: Int, _ fleet: SimulatedFleet) async throws {
        let waiter = StateWaiter(clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20))
        let listen = try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
            try await fleet.read { try $0.leases().filter { $0.listensAt != nil }.count } == count ? true : nil
        }
        try #require(listen == true)
    }

    /// Connects again and again.
    /// - Returns: how often that went well.
    private static func connect(_ times: Int, to port: Int) async throws -> Int {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        var connected = 0
        for _ in 0..<times {
            guard let channel = try? await bootstrap.connect(host: "127.0.0.1", port: port).get() else { continue }
            connected += 1
            try? await channel.close()
        }
        return connected
    }
}
