import Testing

@testable import Reconciler

@Suite("What was in force, and is gone")
struct FleetMemoryTests {
    /// Manifests on a branch that was written anew at each commit that begins with `x`.
    private struct Branch: ManifestOrigin {
        let name = "a branch"
        let usualInterval = Duration.seconds(1)

        func look(also files: [String]) async throws -> ManifestRevision {
            throw ManifestsOutOfReach("It is not looked at.", condition: "")
        }

        func descends(_ commit: String, from former: String) async -> Bool? { !commit.hasPrefix("x") }
    }

    private func start(_ store: any StateStore) -> (FleetMemory, ControllerBoard) {
        let board = ControllerBoard(
            ControllerStatus(startedAt: ManualClock().now(), manifests: .init(origin: "a branch")))
        return (FleetMemory(origin: Branch(), store: store, board: board), board)
    }

    @Test("a set that vanished while nothing ran is told at the next start, until people know of it")
    func vanished() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let two = try await Fleets.fleet(
            [
                try Fleets.yaml(20, name: "meters"), try Fleets.yaml(5, name: "cars", from: 20),
            ].joined(separator: "---\n"))
        let one = try await Fleets.fleet(try Fleets.yaml(5, name: "cars", from: 20))
        let (first, board) = start(store)
        await first.compare(two, commit: "a")
        #expect(board.current.manifests.losses.isEmpty && board.current.manifests.rewrite == nil)

        for _ in 0..<2 {
            let (next, board) = start(store)
            await next.compare(one, commit: "b")
            #expect(board.current.manifests.losses.map(\.description) == ["meters (20 devices) is gone"])
        }
        let (told, afterwards) = start(store)
        await told.compare(one, commit: "b")
        await told.accept(.shrunk)
        #expect(afterwards.current.manifests.losses.isEmpty)
        let (last, end) = start(store)
        await last.compare(one, commit: "b")
        #expect(end.current.manifests.losses.isEmpty)
        await last.compare(two, commit: "c")
        await last.compare(one, commit: "d")
        #expect(end.current.manifests.losses.count == 1, "it came back, and is gone again")
    }

    @Test("a branch that was written anew is told until people know of it; one that goes on is not")
    func rewritten() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/state.db")
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        let (memory, _) = start(store)
        await memory.compare(fleet, commit: "a")
        await memory.compare(fleet, commit: "b")
        let (next, board) = start(store)
        await next.compare(fleet, commit: "x1")
        #expect(board.current.manifests.rewrite == .init(from: "b", to: "x1"))
        await next.accept(.rewritten)
        #expect(board.current.manifests.rewrite == nil)
        #expect(try await store.read { try $0.fleetInForce(of: "a branch") }?.commit == "x1")
        await next.compare(fleet, commit: "c")
        #expect(board.current.manifests.rewrite == nil)
    }
}
