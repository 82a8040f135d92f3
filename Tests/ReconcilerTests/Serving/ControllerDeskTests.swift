import Testing

@testable import Reconciler

@Suite("The desk of a controller")
struct ControllerDeskTests {
    @Test(
        "no run acts while the carrier's records are written down: one that is under way ends first, and none begins",
        .timeLimit(.minutes(1)))
    func writing() async throws {
        let clock = SystemClock()
        let wakeup = Wakeup()
        let desk = ControllerDesk(
            accounts: AccountBook(refreshInterval: .seconds(3600), backOff: ServeBackOff()), wakeup: wakeup,
            board: ControllerBoard(ControllerStatus(startedAt: clock.now(), manifests: .init(origin: "a test"))))
        let fleet = try await Fleets.fleet(try Fleets.yaml(1))
        let declared = ControllerDesk.Declared(fleet: fleet, digest: fleet.digest, commit: nil)
        desk.put(declared, refreshedAt: nil)
        let stop = StopSwitch(wakeup: wakeup)
        let run = ControllerDesk.Run(stop: stop, owner: RunOwner(command: "serve"))
        #expect(desk.begin(run, for: declared))
        let ended = Wakeup()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await desk.writingRecords {
                    #expect(ended.count == 1)
                    #expect(desk.isWritingRecords && !desk.begin(run, for: declared))
                }
            }
            group.addTask {
                try await stop.wait(until: clock.now() + .seconds(60), on: clock)
                #expect(stop.isStopped)
                ended.notify()
                desk.end()
            }
            try await group.waitForAll()
        }
        #expect(!desk.isWritingRecords && desk.begin(run, for: declared))
        // Whatever comes of the writing, runs may begin again.
        desk.end()
        await #expect(throws: RunStopped.self) { try await desk.writingRecords { throw RunStopped() } }
        #expect(desk.begin(run, for: declared))
    }
}
