/// Complains of waves that go by labels which no device of the set has: such a wave would protect nobody, and the next one
/// would leave at once. A set without devices has nothing to protect.
struct LabelWaveCheck {
    /// Among more words than this the nearest one says nothing.
    private static let wordLimit = 1000

    let table: LabelTable
    /// The label sets of the devices of the profile set.
    let labelSets: Set<UInt32>

    func check(_ policy: RolloutPolicy, complaints: inout ComplaintList) {
        for (index, wave) in policy.waves.enumerated() {
            guard case .labels(let labels) = wave, !isThere(labels) else { continue }
            func complaint(_ severity: Complaint.Severity) -> Complaint {
                Complaint(
                    severity, at: policy.labelPlaces.places[labels],
                    path: ("rollout.waves" as ValuePath).appending(element: index),
                    found: "the labels \(labels.labelText), which no device of the set has",
                    expected: "labels of at least one device, each with all profiles of its card",
                    hint: hint(labels) ?? "a first wave of nobody stops nothing")
            }
            if labelSets.isEmpty { complaints.warn(complaint) } else { complaints.add(complaint(.error)) }
        }
    }

    private func isThere(_ labels: [String: String]) -> Bool {
        guard let pairs = table.pairs(of: labels) else { return false }
        return labelSets.contains { table.holds($0, pairs) }
    }

    private func hint(_ labels: [String: String]) -> String? {
        var values: [String: Set<String>] = [:]
        for number in labelSets {
            for (key, value) in table.labels(number) { values[key, default: []].insert(value) }
        }
        return labels.sorted { $0.key < $1.key }.lazy.compactMap { key, value -> String? in
            guard let known = values[key] else { return nearest(key, among: Set(values.keys)) }
            return known.contains(value) ? nil : nearest(value, among: known)
        }.first
    }

    private func nearest(_ word: String, among words: Set<String>) -> String? {
        words.count > Self.wordLimit ? nil : NearestWord.hint(for: word, among: words.sorted())
    }
}
