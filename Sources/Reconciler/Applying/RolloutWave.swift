/// The wave of a roll-out that is under way.
struct RolloutWave: Hashable, Sendable {
    /// How many devices are out when it is full.
    let limit: Int
    /// How many devices more it lets out.
    let budget: Int
    /// Its labels, if it goes by labels.
    let labels: [String: String]?
    /// Its labels or its size, as in the YAML.
    let name: String
    /// From 1, and of how many.
    let number: Int
    let count: Int

    /// Finds it from the waves of the policy, where the devices stand, and what the store says of the wave that was
    /// begun. A wave keeps the limit that it was begun with: what the change grows or shrinks by meanwhile, and labels
    /// that change, count from the next wave on.
    ///
    /// - Parameter pendingByLabels: how many of the pending devices belong to each wave that goes by labels.
    init(
        _ waves: [RolloutPolicy.Wave], _ tally: RolloutTally, record: RolloutRecord?,
        pendingByLabels: [[String: String]: Int]
    ) {
        let steps = Self.steps(waves, total: tally.total)
        let begun = record?.waveLimit ?? 0
        let labelsBegun = begun > 0 ? record?.waveLabels : nil
        let left = labelsBegun.map { pendingByLabels[$0] ?? 0 } ?? tally.pending
        let isFull = tally.letOut >= begun || left == 0
        let index: Int
        if begun > 0, !(isFull && tally.hasLanded) {
            limit = begun
            // What has another change before it has had its place in this wave.
            budget = max(0, begun - tally.letOut)
            labels = labelsBegun
            index = Self.index(of: begun, labelsBegun, in: steps)
        } else {
            let next = steps.firstIndex { step in
                switch step {
                case .upTo(let limit, _): limit > tally.released
                case .labels(let labels): pendingByLabels[labels, default: 0] > 0
                }
            }
            index = next ?? steps.count - 1
            switch steps[index] {
            case .upTo(let limit, _):
                self.limit = limit
                labels = nil
            case .labels(let labels):
                limit = tally.released + pendingByLabels[labels, default: 0]
                self.labels = labels
            }
            budget = max(0, limit - tally.released)
        }
        name = labels?.labelText ?? steps[index].name
        number = index + 1
        count = steps.count
    }

    private static func index(of limit: Int, _ labels: [String: String]?, in steps: [Step]) -> Int {
        let index = steps.firstIndex { step in
            switch step {
            case .upTo(let stepLimit, _): labels == nil && stepLimit >= limit
            case .labels(let stepLabels): stepLabels == labels
            }
        }
        return index ?? (labels == nil ? steps.count - 1 : 0)
    }

    // MARK: All waves

    /// A wave of a change whose size is known.
    enum Step: Hashable {
        /// Until so many devices are out.
        case upTo(Int, name: String)
        case labels([String: String])

        var name: String {
            switch self {
            case .upTo(_, let name): name
            case .labels(let labels): labels.labelText
            }
        }
    }

    /// The waves of a change, in their order: sizes that are no larger than those before them are left out, and the
    /// last one lets out all devices.
    static func steps(_ waves: [RolloutPolicy.Wave], total: Int) -> [Step] {
        var steps: [Step] = []
        var last: Int?
        for wave in waves {
            switch wave {
            case .labels(let labels):
                steps.append(.labels(labels))
            case .upTo(let amount):
                let limit = min(max(amount.count(of: total), 1), total)
                guard limit > last ?? 0 else { continue }
                steps.append(.upTo(limit, name: amount.text))
                last = limit
            }
        }
        if last != total { steps.append(.upTo(total, name: "the rest")) }
        return steps
    }
}
