/// How actions end at a carrier that behaves badly.
extension CarrierModel {
    /// Outcomes that keep a device from its state for a number of attempts, and then no longer.
    private static let passing: [CarrierBehavior] = [
        .unknownProfileWord, .unknownMessageStatus, .lateSuccess, .silentLateSuccess, .rollbackAfterSuccess,
        .successUnderFirstRequest,
    ]

    /// What comes of an action that the card could carry out; `nil` if it ends as at any carrier.
    mutating func namedOutcome(
        _ action: ProfileActionName, of index: Int, attempt: Int, _ job: Job
    ) -> ([Message], [Job])? {
        if action == .enable, let first = memory.firstRequests.removeValue(forKey: index) {
            return successUnderFirstRequest(first, action, of: index, job)
        }
        memory.firstRequests[index] = nil
        if action == .disable, behaves(.disableRefused, to: index) {
            count(.disableRefused)
            return ([failure(action, of: index, job, code: "8.2.2,3.8")], [])
        }
        let enables = action == .enable || action == .downloadEnable
        if enables, behaves(.enablingHangs, to: index) {
            count(.enablingHangs)
            if action.isDownload { set("DOWNLOAD_DISABLE", of: index) }
            return ([warning(of: index, requestID: job.requestID)], [])
        }
        let iccid = devices[index].iccid
        let limit = options.carrierFaultSettings.attemptsPerDevice
        let possible = Self.passing.filter {
            behaves($0, to: index) && canOccur($0, at: iccid, limit: limit)
                && ($0 != .successUnderFirstRequest || enables)
        }
        guard !possible.isEmpty else { return nil }
        let place = Int(chance.share("outcome", iccid, String(attempt)) * Double(possible.count))
        let behavior = possible[min(place, possible.count - 1)]
        _ = occurs(behavior, at: iccid, limit: limit)
        return outcome(behavior, action, of: index, attempt: attempt, job)
    }

    private mutating func outcome(
        _ behavior: CarrierBehavior, _ action: ProfileActionName, of index: Int, attempt: Int, _ job: Job
    ) -> ([Message], [Job])? {
        let settings = options.carrierFaultSettings
        let subject = "\(devices[index].iccid) \(attempt)"
        switch behavior {
        case .unknownProfileWord:
            carryOut(action, of: index, job, isReal: chance.share("really", subject) < 0.5)
            let word = word(Self.unknownProfileWords, "profile word", subject)
            return ([unclear(profileStatus: word, of: index, requestID: job.requestID)], [])
        case .unknownMessageStatus:
            carryOut(action, of: index, job, isReal: chance.share("really", subject) < 0.5)
            let word = word(["Error", "Rejected", "Queued", "InProgress"], "message status", subject)
            return ([unclear(messageStatus: word, of: index, requestID: job.requestID)], [])
        case .lateSuccess, .silentLateSuccess:
            let code = word(["8.1,5.1", "8.1,5.3", "8.1,4.4"], "late code", subject)
            if action.isDownload { downloadGoesOn(index) }
            let late = Job(
                kind: .lateSuccess(action, device: index, isSilent: behavior == .silentLateSuccess),
                requestID: job.requestID, due: job.due + settings.lateSuccess)
            return ([failure(action, of: index, job, code: code)], [late])
        case .rollbackAfterSuccess:
            let before = devices[index].profileStatus
            carryOut(action, of: index, job, isReal: true)
            let rollback = Job(
                kind: .rollback(action, device: index, to: before), requestID: job.requestID,
                due: job.due + settings.rollback)
            return ([success(action, of: index, requestID: job.requestID, isAfterWarning: false)], [rollback])
        case .successUnderFirstRequest:
            if action.isDownload { set("DOWNLOAD_DISABLE", of: index) }
            memory.firstRequests[index] = BehaviorMemory.FirstRequest(requestID: job.requestID, action: action)
            return ([warning(of: index, requestID: job.requestID)], [])
        default:
            return nil
        }
    }

    static let unknownProfileWords = [
        "UPDATING", "ERROR", "DOWNLOAD_FAILED", "UNKNOWN", "IN_PROGRESS", "PENDING_ENABLE",
    ]

    private mutating func carryOut(_ action: ProfileActionName, of index: Int, _ job: Job, isReal: Bool) {
        if isReal { set(action.resultingStatus, of: index) }
        requests[job.requestID]?.set(isReal ? .processed : .failed, of: index)
    }

    /// A failure, also by the status of the request.
    mutating func failure(_ action: ProfileActionName, of index: Int, _ job: Job, code: String) -> Message {
        requests[job.requestID]?.set(.failed, of: index)
        return euiccError(action, of: index, requestID: job.requestID, code: code)
    }

    private mutating func successUnderFirstRequest(
        _ first: BehaviorMemory.FirstRequest, _ action: ProfileActionName, of index: Int, _ job: Job
    ) -> ([Message], [Job]) {
        set(first.action.resultingStatus, of: index)
        requests[first.requestID]?.set(.processed, of: index)
        let second = Job(
            kind: .nothingToDo(action, device: index), requestID: job.requestID,
            due: job.due + options.carrierFaultSettings.secondOutcome)
        return ([success(first.action, of: index, requestID: first.requestID, isAfterWarning: true)], [second])
    }

    // MARK: What comes afterwards

    mutating func lateSuccess(
        _ action: ProfileActionName, of index: Int, isSilent: Bool, _ job: Job
    ) -> [Message] {
        if action.isDownload { downloadEnded(index) }
        // The card takes no second download, and does nothing with a profile that is gone.
        guard action.isDownload != devices[index].isPresent else { return [] }
        set(action.resultingStatus, of: index)
        endTransition(of: index, at: job.due)
        requests[job.requestID]?.set(.processed, of: index)
        return isSilent ? [] : [success(action, of: index, requestID: job.requestID, isAfterWarning: true)]
    }

    /// A card on which something else has happened since does not roll back.
    mutating func rollBack(_ action: ProfileActionName, of index: Int, to status: String, _ job: Job) -> [Message] {
        guard devices[index].profileStatus == action.resultingStatus else { return [] }
        set(status, of: index)
        endTransition(of: index, at: job.due)
        return [failure(action, of: index, job, code: "8.2,4.2")]
    }

    /// The lists tell the truth again a while after this.
    mutating func endTransition(of index: Int, at time: Double) {
        guard behaves(.statusInTransition) else { return }
        memory.transitionEnds[index] = time + options.carrierFaultSettings.transition
    }
}
