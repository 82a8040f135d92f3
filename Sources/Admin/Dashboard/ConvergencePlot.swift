import Reconciler

/// How much of the fleet was as desired over time: lines in a field of 1000 by 100, from the lower left.
struct ConvergencePlot: Sendable {
    /// More points than that cannot be seen.
    private static let pointLimit = 240

    /// Points of SVG lines.
    let converged: String
    let troubled: String
    /// The field below the first line.
    let field: String
    let begin: Moment
    let end: Moment
    /// The same in words.
    let spoken: String

    /// - Returns: `nil` if there are fewer than two points.
    init?(_ history: [ControllerStatus.ConvergencePoint], now: Timestamp) {
        guard let first = history.first, let last = history.last, first.at < last.at else { return nil }
        let step = max(1, (history.count + Self.pointLimit - 1) / Self.pointLimit)
        let points = history.enumerated().filter { $0.offset % step == 0 || $0.offset == history.count - 1 }
            .map(\.element)
        let length = Double(last.at.milliseconds - first.at.milliseconds)
        func line(_ value: (ControllerStatus.ConvergencePoint) -> Int) -> String {
            points.map { point in
                let x = Double(point.at.milliseconds - first.at.milliseconds) / length * 1000
                let y = 100 - Self.share(value(point), of: point.devices)
                return "\(Self.short(x)),\(Self.short(y))"
            }.joined(separator: " ")
        }
        converged = line(\.converged)
        troubled = line(\.troubled)
        field = "0,100 \(converged) 1000,100"
        begin = Moment(first.at, now: now)
        end = Moment(last.at, now: now)
        spoken =
            "From \(Self.words(first)) to \(Self.words(last)); \(last.troubled.grouped) failed, held or blocked now."
    }

    private static func share(_ part: Int, of whole: Int) -> Double {
        whole == 0 ? 0 : Double(part) / Double(whole) * 100
    }

    private static func words(_ point: ControllerStatus.ConvergencePoint) -> String {
        "\(short(share(point.converged, of: point.devices))) % as desired at \(point.at.inUTC)"
    }

    /// With one decimal.
    private static func short(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return tenths == tenths.rounded() ? String(Int(tenths)) : String(tenths)
    }
}
