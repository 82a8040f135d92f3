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
    /// Those among the pending ones that the roll-out has let out before, for another state.
    private(set) var changedAgain = 0
    /// Those among the pending ones on whose card the roll-out has switched another profile off.
    private(set) var toFinish = 0
    /// Released devices for which a further action is to be sent.
    private(set) var toSendAgain = 0
    /// Released devices that are in flight, or wait for their next attempt.
    private(set) var underWay = 0
    /// Released devices that failed for good, are held or blocked.
    private(set) var failed = 0

    init() {}

    init(
        pending: Int, released: Int, changedAgain: Int = 0, toFinish: Int = 0, toSendAgain: Int = 0,
        underWay: Int = 0, failed: Int = 0
    ) {
        self.pending = pending
        self.changedAgain = changedAgain
        self.toFinish = toFinish
        self.released = released
        self.toSendAgain = toSendAgain
        self.underWay = underWay
        self.failed = failed
    }

    /// How many devices the whole change is about.
    var total: Int { pending + released }

    /// How many devices have been let out, for the state that is desired now or for another one.
    var letOut: Int { released + changedAgain }

    /// Whether the roll-out has nothing left of its own to do: all that it has let out has landed, and what is to be
    /// changed now is another change, which begins with its own first wave.
    var isOver: Bool { hasLanded && (pending == changedAgain || (released == 0 && changedAgain > 0)) }

    /// How many devices have been let out, or belong to a card that is out in part, and have not come to their end.
    var toLand: Int { toSendAgain + underWay + toFinish }

    /// Whether all that was let out has come to its end, with all profiles of its cards.
    var hasLanded: Bool { toLand == 0 }

    /// Whether something of it is left to be sent.
    var hasWork: Bool { pending + toSendAgain > 0 }

    /// - Parameters:
    ///   - isReleased: whether the roll-out has let the device out for its desired state.
    ///   - wasReleased: whether it has let it out for whatever state.
    mutating func count(_ standing: Standing, isReleased: Bool, wasReleased: Bool = false) {
        if isReleased { released += 1 }
        switch standing {
        case .converged: break
        case .toSend where isReleased: toSendAgain += 1
        case .toSend:
            pending += 1
            if wasReleased { changedAgain += 1 }
        case .underWay: if isReleased { underWay += 1 }
        case .failed: if isReleased { failed += 1 }
        }
    }

    /// Counts a pending device on whose card the roll-out has switched another profile off.
    mutating func countUnfinished() { toFinish += 1 }
}
