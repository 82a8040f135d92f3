/// How long a controller leaves alone what did not work: twice as long each time, up to a limit.
public struct ServeBackOff: Hashable, Sendable {
    public var first: Duration
    public var longest: Duration

    public init(first: Duration = .seconds(60), longest: Duration = .seconds(900)) {
        self.first = first
        self.longest = longest
    }

    /// - Parameter failures: how many there were in a row.
    func wait(after failures: Int) -> Duration {
        min(longest, first * (1 << min(max(failures - 1, 0), 10)))
    }
}
