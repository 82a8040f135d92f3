import Foundation
import Testing

@testable import Reconciler

@Suite("Whether the store keeps what is written", .timeLimit(.minutes(5)))
struct StoreProberTests {
    private struct Scene {
        let folder: TemporaryFolder
        let board = ControllerBoard(
            ControllerStatus(startedAt: SystemClock().now(), manifests: .init(origin: "a test")))

        var path: String { folder.path + "/state.db" }

        /// Tries all the time, for as long as `work` takes.
        func run(_ work: @escaping @Sendable (Scene) async throws -> Void) async throws {
            let prober = StoreProber(
                store: try SQLiteStore(path: path, busyTimeout: .milliseconds(50)), board: board,
                clock: SystemClock(), interval: .milliseconds(20), patience: .seconds(60))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await prober.run() }
                group.addTask { try await work(self) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }

        /// Waits until that is wrong with the store, or nothing.
        func shows(_ reason: StateStoreError.Reason?) async throws -> Bool {
            let waiter = StateWaiter(clock: SystemClock(), wakeup: board.changes, pollInterval: .seconds(1))
            return try await waiter.wait(until: SystemClock().now() + .seconds(120)) {
                switch board.current.store {
                case .untried: nil
                case .keeps: reason == nil ? true : nil
                case .fails(let error, _): error.reason == reason ? true : nil
                }
            } == true
        }
    }

    @Test(
        "a store that is moved away or replaced while nothing is to be written is found, and found again when it is back"
    )
    func gone() async throws {
        try await Scene(folder: try TemporaryFolder()).run { scene in
            #expect(try await scene.shows(nil))
            let aside = scene.folder.path + "/aside.db"
            try FileManager.default.moveItem(atPath: scene.path, toPath: aside)
            #expect(try await scene.shows(.replaced))
            let since = scene.board.current.store
            try scene.folder.write("state.db", "another file")
            #expect(
                scene.board.current.unreadiness(at: SystemClock().now()).last?.contains("gone or was replaced") == true)
            guard case .fails(_, let began) = since, case .fails(_, let still) = scene.board.current.store else {
                Issue.record("it is not in its place")
                return
            }
            #expect(began == still)
            try FileManager.default.removeItem(atPath: scene.path)
            try FileManager.default.moveItem(atPath: aside, toPath: scene.path)
            #expect(try await scene.shows(nil))
        }
    }

    @Test("a store that another process locks for longer than is waited for is found, and found again when it is free")
    func locked() async throws {
        try await Scene(folder: try TemporaryFolder()).run { scene in
            #expect(try await scene.shows(nil))
            let lock = try WriteLock(on: scene.path)
            #expect(try await scene.shows(.locked))
            try lock.release()
            #expect(try await scene.shows(nil))
        }
    }
}
