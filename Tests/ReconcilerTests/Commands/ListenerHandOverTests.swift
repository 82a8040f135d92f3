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

    @Test("when the run that has bound the address is killed, no connection is refused")
    func killed() async throws {
        let fleet = try await SimulatedFleet(
            [("a", 40), ("b", 40)], rollout: "batchSize: 1, requestsPerSecond: 20",
            simulator: ["--callback-delay", "100ms", "--redelivery-interval", "300ms"])
        let first = try fleet.apply("a", Self.onlyCallbacks)
        try await fleet.waitUntil("acceptedDevices", "download_enable", reach: 1)
        let second = try fleet.apply("b", Self.onlyCallbacks)
        let address = try #require(try await fleet.read { try $0.leases().compactMap(\.listensAt).first })
        let port = try #require(address.split(separator: "/").first?.split(separator: ":").last.flatMap { Int($0) })
        let bothListen = try await StateWaiter(
            clock: SystemClock(), wakeup: Wakeup(), pollInterval: .milliseconds(20)
        ).wait(until: SystemClock().now() + .seconds(20)) {
            try await fleet.read { try $0.leases().filter { $0.listensAt != nil }.count } == 2 ? true : nil
        }
        #expect(bothListen == true)
        let end = Wakeup()
        async let refused = Self.refusedConnections(to: port, until: end)
        first.send(SIGKILL)
        _ = await first.result()
        // The second one has work for a while longer.
        let acknowledged = try await fleet.count("callbacksAcknowledged")
        try await fleet.waitUntil("callbacksAcknowledged", reach: acknowledged + 5)
        end.notify()
        #expect(try await refused == 0)
        let result = await second.result()
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        let rerun = try await fleet.apply("a").result()
        #expect(rerun.exitCode == 0, "\(rerun.output)\(rerun.errors)")
        #expect(try await fleet.enabledDevices() == 80)
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

    @Test("a run on another store finds the address taken, and keeps nothing that is not meant for it")
    func otherStore() async throws {
        let fleet = try await SimulatedFleet(
            [("a", 60)], rollout: "batchSize: 1, requestsPerSecond: 10",
            simulator: ["--callback-delay", "100ms"] + Self.once)
        let run = try fleet.apply("a", Self.onlyCallbacks)
        try await fleet.waitUntil("callbacksAcknowledged", reach: 1)
        let other = try await fleet.apply("a", ["--state", "sqlite:other.db"]).result()
        #expect(other.exitCode == 1 && other.errors.contains("cannot be listened for"), "\(other.errors)")
        let result = await run.result()
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
        let sent = try await fleet.count("callbacksSent")
        #expect(try await fleet.count("callbacksAcknowledged") == sent)
        await fleet.end()
    }

    /// Nothing is looked up within the time.
    private static let onlyCallbacks = ["--callback-deadline", "5m", "--timeout", "30s"]

    /// Connects again and again.
    private static func refusedConnections(to port: Int, until end: Wakeup) async throws -> Int {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        var refused = 0
        while end.count == 0 {
            do {
                let channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
                try? await channel.close()
            } catch {
                refused += 1
                try await SystemClock().sleep(until: SystemClock().now() + .milliseconds(5))
            }
        }
        return refused
    }
}
