/// Makes calls that may be repeated, again and again while the carrier is busy.
struct RepeatableCall: Sendable {
    /// What is taken for a reason to make a call once more.
    enum Patience: Sendable {
        /// Only the carrier's word that it is busy, which proves that nothing was done.
        case whileBusy
        /// Whatever may have passed a moment later: the call reads, and reading twice does no harm.
        case whileItMayPass
    }

    let clock: any WallClock
    let patience: Patience

    /// A call is made so many times.
    private static let tries = 5

    /// - Throws: `CarrierError`, `CancellationError`
    func make<Answer: Sendable>(_ call: () async throws(CarrierError) -> Answer) async throws -> Answer {
        for number in 1..<Self.tries {
            do {
                return try await call()
            } catch {
                guard let wait = wait(after: error, number: number) else { throw error }
                try await clock.sleep(until: clock.now() + wait)
            }
        }
        return try await call()
    }

    private func wait(after error: CarrierError, number: Int) -> Duration? {
        switch (error, patience) {
        case (.refused(let refusal), _):
            switch refusal.classification {
            case .throttled(let retryAfter), .temporarilyUnavailable(let retryAfter): retryAfter ?? .seconds(2)
            case .notSignedIn, .unexpected: patience == .whileItMayPass ? .milliseconds(500 * number) : nil
            default: nil
            }
        case (.transport, .whileItMayPass): .milliseconds(250 * number)
        case (.transport, .whileBusy), (.signInRefused, _): nil
        }
    }
}
