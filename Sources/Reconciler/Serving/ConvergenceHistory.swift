/// How a fleet converged over time, in a bounded number of points: when it gets full, every other point is left out.
struct ConvergenceHistory: Sendable {
    private static let capacity = 720

    private(set) var points: [ControllerStatus.ConvergencePoint] = []
    /// The least time between two points.
    private var interval = Duration.seconds(1)

    init(points: [ControllerStatus.ConvergencePoint] = []) {
        self.points = points
    }

    /// Adds a point; one that comes too soon after the last one takes its place, so that the latest is always there.
    mutating func add(_ point: ControllerStatus.ConvergencePoint) {
        if points.count >= 2, point.at < points[points.count - 2].at + interval {
            points[points.count - 1] = point
            return
        }
        points.append(point)
        guard points.count > Self.capacity else { return }
        points = points.enumerated().filter { $0.offset % 2 == 0 || $0.offset == points.count - 1 }.map(\.element)
        interval *= 2
    }
}
