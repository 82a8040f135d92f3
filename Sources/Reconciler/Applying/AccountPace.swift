/// When the next request to an account may leave: a value that is kept in the store, so that all processes on it stand
/// in one line.
public struct AccountPace: Hashable, Sendable {
    public let account: AccountName
    /// When the last request took its place.
    public private(set) var takenAt: Timestamp
    /// When the next place is free, in microseconds since 1970: thousands of requests a second may be allowed.
    public private(set) var nextAt: Int64
    /// Nothing leaves before it: the carrier was busy.
    public private(set) var busyUntil: Timestamp
    /// How often in a row the carrier was busy.
    public private(set) var refusals: Int

    /// - Parameter account: one to which nothing was sent yet.
    public init(account: AccountName) {
        self.init(account: account, takenAt: .distantPast, nextAt: 0, busyUntil: .distantPast, refusals: 0)
    }

    public init(account: AccountName, takenAt: Timestamp, nextAt: Int64, busyUntil: Timestamp, refusals: Int) {
        self.account = account
        self.takenAt = takenAt
        self.nextAt = nextAt
        self.busyUntil = busyUntil
        self.refusals = refusals
    }

    /// Whether a request may leave.
    public enum Turn: Hashable, Sendable {
        case now
        case notBefore(Timestamp)
    }

    /// A carrier that asks for a longer wait is asked again after so long.
    static let longestWait = Duration.seconds(3600)
    /// If the last request lies so far in the future, the clock has been set back since, and its times mean nothing.
    private static let clockSetBack = Duration.seconds(60)
    /// The longest time between two requests, in microseconds.
    private static let longestGap: Int64 = 1_000_000_000
    /// More are not counted: the wait does not grow any more.
    private static let mostRefusals = 1000
    /// Who comes so late is put in the place that was free at its time: waiting is never exact, and would make the line
    /// slower than it may be otherwise.
    private static let lateness: Int64 = 50_000

    /// Takes the next place if its time has come.
    mutating func takeTurn(at now: Timestamp, requestsPerSecond: Double) -> Turn {
        forgetWrongTimes(at: now)
        if busyUntil > now { return .notBefore(busyUntil) }
        let time = Self.microseconds(now)
        guard nextAt <= time else { return .notBefore(Timestamp(milliseconds: nextAt.saturatingAdd(999) / 1000)) }
        let place = nextAt + Self.lateness < time ? time : nextAt
        nextAt = place.saturatingAdd(
            Int64(outside: 1_000_000 / requestsPerSecond, in: 0...Self.longestGap) ?? Self.longestGap)
        takenAt = now
        return .now
    }

    /// Forgets times that lie further ahead than any that is written down: a clock that was ahead, or a damaged row.
    private mutating func forgetWrongTimes(at now: Timestamp) {
        let latest = now + Self.longestWait + Self.clockSetBack
        if takenAt > now + Self.clockSetBack { self = AccountPace(account: account) }
        if nextAt < 0 || nextAt > Self.microseconds(latest) { nextAt = 0 }
        if busyUntil > latest { busyUntil = .distantPast }
        refusals = min(max(refusals, 0), Self.mostRefusals)
    }

    private static func microseconds(_ time: Timestamp) -> Int64 {
        let (microseconds, isTooLarge) = time.milliseconds.multipliedReportingOverflow(by: 1000)
        return isTooLarge ? .max : microseconds
    }

    /// The carrier was too busy for a request.
    ///
    /// - Parameters:
    ///   - sentAt: when the request took its turn.
    ///   - retryAfter: how long the carrier asks to wait, if it says so.
    mutating func wasBusy(
        sentAt: Timestamp, at now: Timestamp, retryAfter: Duration?, backOff: BackOff, share: Double
    ) {
        // Requests that were under way together were refused together; that happened once.
        let isFirst = sentAt >= busyUntil
        if isFirst { refusals += 1 }
        if let retryAfter, retryAfter > .zero {
            busyUntil = max(busyUntil, now + min(retryAfter, Self.longestWait))
        } else if isFirst {
            busyUntil = max(busyUntil, now + backOff.wait(after: refusals, share: share))
        }
    }

    /// Whether the answer to a request, other than that the carrier is busy, says that it is so no longer.
    func isOver(answerTo sentAt: Timestamp) -> Bool { refusals > 0 && sentAt >= busyUntil }

    /// The carrier is not busy any more.
    mutating func isServedAgain() { refusals = 0 }
}
