/// Which actions of a plan belong to the waves that go by labels. A card belongs to a wave with all its profiles as
/// soon as one of them, to be changed or not, has the labels.
struct LabelWaveMembers {
    /// The labels of a wave, as the devices of the fleet have them.
    private struct Wave {
        let labels: [String: String]
        let pairs: [LabelPair]
    }

    private let fleet: DesiredFleet
    /// Of each set; labels that no device has are left out.
    private var waves: [[Wave]]
    /// How many actions of each set, that the roll-out has not let out, belong to each wave.
    private(set) var pending: [[[String: String]: Int]]

    init(_ plan: Plan) {
        let fleet = plan.actions.fleet
        self.fleet = fleet
        waves = fleet.sets.map { set in
            set.rollout.waves.compactMap { wave in
                guard case .labels(let labels) = wave else { return nil }
                return fleet.labels.pairs(of: labels).map { Wave(labels: labels, pairs: $0) }
            }
        }
        pending = Array(repeating: [:], count: waves.count)
        guard waves.contains(where: { !$0.isEmpty }) else { return }
        var counts = waves.map { Array(repeating: 0, count: $0.count) }
        for position in plan.actions.indices where !plan.actions.isReleased(at: position) {
            let number = plan.actions.deviceIndex(at: position)
            let set = Int(fleet.devices[number].set)
            for index in waves[set].indices where isMember(number, of: waves[set][index]) { counts[set][index] += 1 }
        }
        for set in waves.indices {
            for (wave, count) in zip(waves[set], counts[set]) { pending[set][wave.labels] = count }
        }
    }

    /// Whether a device belongs to a wave of its set.
    ///
    /// - Parameter number: of the device among those of the fleet.
    func contains(_ number: Int, in labels: [String: String]) -> Bool {
        waves[Int(fleet.devices[number].set)].first { $0.labels == labels }.map { isMember(number, of: $0) } ?? false
    }

    private func isMember(_ number: Int, of wave: Wave) -> Bool {
        if fleet.labels.holds(fleet.devices[number].labels, wave.pairs) { return true }
        guard fleet.hasNeighbour(number) else { return false }
        return fleet.card(of: number).contains { fleet.labels.holds(fleet.devices[$0].labels, wave.pairs) }
    }
}
