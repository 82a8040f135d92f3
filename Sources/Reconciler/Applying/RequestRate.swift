/// Spaces the requests to one account: a value that says when the next one may leave.
struct RequestRate: Sendable {
    /// The time between two requests, in milliseconds.
    private let interval: Double
    private var nextAt = 0.0

    /// - Parameter requestsPerSecond: `nil` for as fast as it goes.
    init(requestsPerSecond: Double?) {
        interval = requestsPerSecond.map { 1000 / max($0, 0.001) } ?? 0
    }

    /// Takes the next place in the line and says when it is.
    mutating func reserve(at now: Timestamp) -> Timestamp {
        let place = max(nextAt, Double(now.milliseconds))
        nextAt = place + interval
        return Timestamp(milliseconds: Int64(place.rounded(.up)))
    }

    /// Lets nothing leave before `time`.
    mutating func pause(until time: Timestamp) {
        nextAt = max(nextAt, Double(time.milliseconds))
    }
}
