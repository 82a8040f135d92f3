import Testing

@testable import Reconciler

@Suite("How much a run sends at a time")
struct SendingLimitsTests {
    @Test("a device in flight counts once, and others' not at all (F34)")
    func room() async throws {
        let fleet = try await Fleets.fleet(try Fleets.yaml(10, rollout: "rollout: {maxInFlight: 8}"))
        let limits = SendingLimits(fleet.sets.map(\.rollout))
        func keys(_ numbers: Range<Int>) throws -> [DeviceKey] { try numbers.map { try Fleets.key($0) } }
        for (stored, underWay, room) in [
            (0..<0, 0..<0, 8), (0..<4, 0..<0, 4), (0..<4, 0..<4, 4), (0..<4, 2..<6, 2), (100..<200, 0..<3, 5),
            (0..<10, 0..<10, -2),
        ] {
            let left = limits.room(stored: try keys(stored), underWay: Set(try keys(underWay)), in: fleet)
            #expect(left == room, "\(stored) \(underWay)")
        }
    }

    @Test("the narrowest of the sets' limits holds, and a request is no larger")
    func narrowest() {
        var (first, second) = (RolloutPolicy(), RolloutPolicy())
        first.maxInFlight = 30
        second.batchSize = 50
        #expect(SendingLimits([first, second]).inFlight == 30)
        #expect(SendingLimits([first, second]).batchSize == 30)
        #expect(SendingLimits([]).batchSize == 100)
    }
}
