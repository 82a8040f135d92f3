/// How work ends: what becomes of the device, and the messages about it.
extension CarrierModel {
    /// Ends a job.
    /// - Returns: the messages to send now, and work that goes on.
    mutating func finish(_ job: Job) -> ([Message], [Job]) {
        switch job.kind {
        case .action(let action, let index, let attempt):
            endTransition(of: index, at: job.due)
            return finish(action, of: index, attempt: attempt, job)
        case .afterWarning(let action, let index, let request):
            set(action.resultingStatus, of: index)
            endTransition(of: index, at: job.due)
            requests[request]?.set(.processed, of: index)
            return ([success(action, of: index, requestID: job.requestID, isAfterWarning: true)], [])
        case .deviceList(let account, let filter):
            return (deviceList(account: account, filter: filter, requestID: job.requestID, now: job.due), [])
        case .earlyFailure(let action, let index):
            if action.isDownload { downloadEnded(index) }
            endTransition(of: index, at: job.due)
            return ([failure(action, of: index, job, code: "8.1,4.4")], [])
        case .lateSuccess(let action, let index, let isSilent):
            return (lateSuccess(action, of: index, isSilent: isSilent, job), [])
        case .rollback(let action, let index, let status):
            return (rollBack(action, of: index, to: status, job), [])
        case .nothingToDo(let action, let index):
            return ([failure(action, of: index, job, code: "8.2.1,3.5")], [])
        case .unsolicited(let message, let index):
            return (unsolicited(message, of: index, job).map { [$0] } ?? [], [])
        }
    }

    private mutating func finish(
        _ action: ProfileActionName, of index: Int, attempt: Int, _ job: Job
    ) -> ([Message], [Job]) {
        if action.isDownload { downloadEnded(index) }
        let device = devices[index]
        if action.isDownload == device.isPresent {
            // There already, or not there at all: the SM-SR refuses. Which code it uses is documented nowhere.
            return ([failure(action, of: index, job, code: action.isDownload ? "8.2.1,3.3" : "8.2.1,3.9")], [])
        }
        if let outcome = namedOutcome(action, of: index, attempt: attempt, job) { return outcome }
        if chance.share("permanent", device.iccid) < options.permanentFailureRate {
            let isFault = chance.share("fault", device.iccid) < 0.5
            return ([isFault ? fault(of: index, job) : failure(action, of: index, job, code: "8.2.5,3.8")], [])
        }
        if attempt == 1, chance.share("fails", device.iccid) < options.failureRate {
            let isBusy = chance.share("busy", device.iccid) < 0.5
            return ([failure(action, of: index, job, code: isBusy ? "8.1,4.4" : "8.1,5.1")], [])
        }
        if action != .downloadDisable, attempt == 1, chance.share("warns", device.iccid) < options.warningRate {
            if action.isDownload { set("DOWNLOAD_DISABLE", of: index) }
            let next = Job(
                kind: .afterWarning(action, device: index, request: job.requestID), requestID: nextGUID(),
                due: job.due + options.warningDelay)
            return ([warning(of: index, requestID: job.requestID)], [next])
        }
        set(action.resultingStatus, of: index)
        requests[job.requestID]?.set(.processed, of: index)
        return ([success(action, of: index, requestID: job.requestID, isAfterWarning: false)], [])
    }

    /// Changes profiles as another system on the same accounts would: behind the client's back, or announced to its
    /// endpoint under a request that is not the client's.
    ///
    /// - Returns: the ICCIDs of the devices, and the messages about them.
    mutating func drift(_ count: Int, to status: String, announced: Bool) -> ([String], [Message]) {
        let chosen = devices.indices.filter { devices[$0].isOnAccount && devices[$0].profileStatus != status }
            .map { (index: $0, share: chance.share("drift", devices[$0].iccid)) }.sorted { $0.share < $1.share }
            .prefix(max(0, count)).map(\.index)
        let action = ProfileActionName.allCases.first { $0.resultingStatus == status }
        let messages = chosen.compactMap { index -> Message? in
            set(status, of: index)
            guard announced, let action else { return nil }
            return success(action, of: index, requestID: nextGUID(), isAfterWarning: false)
        }
        return (chosen.map { devices[$0].iccid }.sorted(), messages)
    }
}
