import Reconciler

/// How many devices stand where, as a bar with a legend.
struct StandingBar: Sendable {
    struct Part: Sendable {
        /// As the style sheet names it.
        let word: String
        let label: String
        let count: String
        /// From 0 to 1000.
        let start: Int
        let width: Int
    }

    /// Only places where somebody stands.
    let parts: [Part]
    /// The same in words.
    let spoken: String

    init(_ sets: [ControllerStatus.ProfileSetStatus]) {
        let counts = Standing.allCases.map { standing in
            (standing, sets.reduce(0) { $0 + standing.count(in: $1) })
        }.filter { $0.1 > 0 }
        let total = max(1, counts.reduce(0) { $0 + $1.1 })
        // What is few beside the rest is still to be seen.
        let widths = counts.map { max(6, $0.1 * 1000 / total) }
        let scale = Double(max(1000, widths.reduce(0, +))) / 1000
        var start = 0.0
        parts = zip(counts, widths).map { count, width in
            defer { start += Double(width) / scale }
            return Part(
                word: count.0.word, label: count.0.label, count: count.1.grouped, start: Int(start),
                width: max(1, Int(start + Double(width) / scale) - Int(start)))
        }
        spoken = counts.isEmpty ? "no devices" : counts.map { "\($0.1.grouped) \($0.0.label)" }.joined(separator: ", ")
    }
}
