/// How many devices of one profile set stand where, as far as its roll-out is concerned.
struct RolloutTally: Hashable, Sendable {
    /// Where a device stands.
    enum Standing {
        case converged
        /// An action is to be sent.
        case toSend
        /// An operation is in flight, or waits for its next attempt.
        case underWay
        /// It failed for good, is held or blocked.
        case failed
    }

    /// Devices that the roll-out has not let out yet and that are to change.
    private(set) var pending = 0
    /// Devices that the roll-out has let out.
    private(set) var released = 0
    /// Released devices for which a further action is to be sent.
    private(set) var toSendAgain = 0
    /// Released devices that are in flight, or wait for their next attempt.
    private(set) var underWay = 0
    /// Released devices that failed for good, are held or blocked.
    private(set) var failed = 0

    init() {}

    init(pending: Int, released: Int, toSendAgain: Int = 0, underWay: Int = 0, failed: Int = 0) {
        self.pending = pending
        self.released = released
        self.toSendAgain = toSendAgain
        self.underWay = underWay
        self.failed = failed
    }

    /// How many devices the whole change is about.
    var total: Int { pending + released }

    /// Whether all that was let out has come to its end.
    var hasLanded: Bool { toSendAgain == 0 && underWay == 0 }

    mutating func count(_ standing: Standing, isReleased: Bool) {
        if isReleased { released += 1 }
        switch standing {
        case .converged: break
        case .toSend: if isReleased { toSendAgain += 1 } else { pending += 1 }
        case .underWay: if isReleased { underWay += 1 }
        case .failed: if isReleased { failed += 1 }
        }
    }
}
