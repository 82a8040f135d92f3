/// A message under a requestId that no client here knows.
enum UnsolicitedMessage: Sendable {
    /// Somebody else's action failed.
    case failure(ProfileActionName)
    /// Somebody else's action ended with a warning.
    case warning
    /// A message of long ago, sent again.
    case archived
    /// A message about another profile of the card.
    case otherProfile
}

extension CarrierModel {
    /// What comes to an endpoint of its own accord once it is registered.
    func messagesAfterRegistration(of account: String, now: Double) -> [Job] {
        let settings = options.carrierFaultSettings
        var jobs: [Job] = []
        for (behavior, message) in [
            (CarrierBehavior.archivedMessages, UnsolicitedMessage.archived), (.otherProfileMessages, .otherProfile),
        ] where behaves(behavior) {
            for index in devices.indices where devices[index].accountName == account && behaves(behavior, to: index) {
                let share = chance.share("moment", behavior.rawValue, devices[index].iccid)
                jobs.append(
                    Job(
                        kind: .unsolicited(message, device: index), requestID: nextGUID(),
                        due: now + settings.archive * share))
            }
        }
        return jobs
    }

    mutating func unsolicited(_ message: UnsolicitedMessage, of index: Int, _ job: Job) -> Message? {
        switch message {
        case .failure(let action):
            count(.foreignFailures)
            return euiccError(action, of: index, requestID: job.requestID, code: "8.2.1,3.5", kind: "foreign failure")
        case .warning:
            count(.foreignWarnings)
            return warning(of: index, requestID: job.requestID, kind: "foreign warning")
        case .archived:
            let limit = options.carrierFaultSettings.archivedMessagesPerDevice
            guard occurs(.archivedMessages, at: devices[index].iccid, limit: limit) else { return nil }
            let word = word(["DELETE", "DISABLE", "Not Downloaded"], "archived", devices[index].iccid)
            return success(status: word, of: index, requestID: job.requestID, kind: "archived")
        case .otherProfile:
            return otherProfile(of: index, job)
        }
    }

    /// Another profile of the card: it is enabled while none of ours is.
    private mutating func otherProfile(of index: Int, _ job: Job) -> Message {
        count(.otherProfileMessages)
        let number = memory.occurrences["other profile \(index)", default: 0]
        memory.occurrences["other profile \(index)"] = number + 1
        let isOursEnabled = indices(kind: "eid", id: devices[index].eid).contains { devices[$0].isEnabled }
        let status = isOursEnabled ? (number % 2 == 0 ? "DISABLE" : "DELETE") : number % 2 == 0 ? "ENABLE" : "DELETE"
        return success(
            status: status, of: index, requestID: job.requestID, kind: "other profile",
            iccid: otherICCID("other", onCardOf: index))
    }

    // MARK: People

    /// Changes some devices as people would by a portal of the carrier, each in a way that its profile allows.
    ///
    /// - Parameters:
    ///   - includingDownloads: whether people also download profiles. No client can know of that between its last look
    ///     and its own download, so `repeatedDownloads` can count such a pair.
    ///   - announced: whether the endpoint gets messages, under requests that are not the client's.
    /// - Returns: the ICCIDs of the changed devices, and the messages about them.
    mutating func changeByPeople(
        _ count: Int, includingDownloads: Bool, announced: Bool
    ) -> ([String], [Message]) {
        var iccids: [String] = []
        var messages: [Message] = []
        for _ in 0..<max(0, count) {
            memory.changesByPeople += 1
            let number = String(memory.changesByPeople)
            let choices = devices.indices.flatMap { index in
                actionsOfPeople(index, includingDownloads: includingDownloads).map { (index, $0) }
            }
            guard !choices.isEmpty else { break }
            let place = Int(chance.share("people", number) * Double(choices.count))
            let (index, action) = choices[min(place, choices.count - 1)]
            set(action.resultingStatus, of: index)
            iccids.append(devices[index].iccid)
            guard announced else { continue }
            messages.append(
                success(
                    status: action.resultingStatus, of: index, requestID: nextGUID(), kind: "people \(number)"))
        }
        return (iccids, messages)
    }

    private func actionsOfPeople(_ index: Int, includingDownloads: Bool) -> [ProfileActionName] {
        let device = devices[index]
        guard device.isOnAccount else { return [] }
        if device.isPresent { return [device.isEnabled ? .disable : .enable, .delete] }
        // What the card is about to carry out already is not done by people, too.
        return includingDownloads && device.downloadsStanding == 0 ? [.downloadEnable, .downloadDisable] : []
    }
}
