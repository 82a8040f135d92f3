/// How work ends: what becomes of the device, and the messages that tell it. Shapes: `thingspace.md`, section 2.6.
extension CarrierModel {
    /// Ends a job.
    /// - Returns: the messages to send now, and work that goes on.
    mutating func finish(_ job: Job) -> ([Message], [Job]) {
        switch job.kind {
        case .action(let action, let index, let attempt):
            return finish(action, of: index, attempt: attempt, job)
        case .afterWarning(let action, let index):
            set(action.resultingStatus, of: index)
            return ([success(action, of: index, requestID: job.requestID, isAfterWarning: true)], [])
        case .deviceList(let account, let filter):
            return ([deviceList(account: account, filter: filter, requestID: job.requestID)], [])
        }
    }

    private mutating func finish(
        _ action: ProfileActionName, of index: Int, attempt: Int, _ job: Job
    ) -> ([Message], [Job]) {
        if action.isDownload { downloadEnded(index) }
        let device = devices[index]
        if action.isDownload == device.isPresent {
            // There already, or not there at all: the SM-SR refuses. Which code it uses is documented nowhere.
            return ([euiccError(action, of: index, job, code: action.isDownload ? "8.2.1,3.3" : "8.2.1,3.9")], [])
        }
        if chance.share("permanent", device.iccid) < options.permanentFailureRate {
            let isFault = chance.share("fault", device.iccid) < 0.5
            return ([isFault ? fault(of: index, job) : euiccError(action, of: index, job, code: "8.2.5,3.8")], [])
        }
        if attempt == 1, chance.share("fails", device.iccid) < options.failureRate {
            let isBusy = chance.share("busy", device.iccid) < 0.5
            return ([euiccError(action, of: index, job, code: isBusy ? "8.1,4.4" : "8.1,5.1")], [])
        }
        if action != .downloadDisable, attempt == 1, chance.share("warns", device.iccid) < options.warningRate {
            if action.isDownload { set("DOWNLOAD_DISABLE", of: index) }
            let next = Job(
                kind: .afterWarning(action, device: index), requestID: nextGUID(), due: job.due + options.warningDelay)
            return ([warning(of: index, job)], [next])
        }
        set(action.resultingStatus, of: index)
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

    /// By what a message names its device.
    private enum Naming {
        case iccidAndEID
        case imeiAndEID
        case imeiOnly
    }

    private func ids(_ index: Int, _ naming: Naming, capitalized: Bool) -> JSON {
        let device = devices[index]
        func id(_ kind: String, _ value: String) -> JSON {
            .object([("id", .string(value)), ("kind", .string(capitalized ? kind : kind.lowercased()))])
        }
        switch (naming, device.imei) {
        case (.imeiOnly, let imei?): return .array([id("Imei", imei)])
        case (.imeiAndEID, let imei?): return .array([id("Imei", imei), id("Eid", device.eid)])
        default: return .array([id("Iccid", device.iccid), id("Eid", device.eid)])
        }
    }

    /// The naming that chance has chosen instead of the usual one, if it has.
    private func unusualNaming(_ index: Int, _ fate: String) -> Naming? {
        guard devices[index].imei != nil else { return nil }
        let share = chance.share("naming", fate)
        if share < options.imeiOnlyRate { return .imeiOnly }
        return share < options.imeiOnlyRate + options.imeiAndEIDRate ? .imeiAndEID : nil
    }

    /// - Parameters:
    ///   - kind: tells the messages about one attempt apart.
    ///   - members: given the identifiers that stand within the message.
    private mutating func message(
        _ index: Int, requestID: String, kind: String, usually naming: Naming = .iccidAndEID,
        _ members: (JSON) -> [(String, JSON)]
    ) -> Message {
        let fate = "\(devices[index].iccid) \(devices[index].acceptedCalls) \(kind)"
        let unusual = unusualNaming(index, fate)
        if (unusual ?? naming) != .iccidAndEID { counts.callbacksByIMEI += 1 }
        return Message(
            account: devices[index].accountName, requestID: requestID,
            members: [("deviceIds", ids(index, unusual ?? naming, capitalized: true))]
                + members(ids(index, unusual ?? .iccidAndEID, capitalized: false)),
            fate: fate)
    }

    private static func profileResponse(_ members: [(String, JSON)]) -> (String, JSON) {
        ("deviceResponse", .object([("deviceProfileResponse", .object(members))]))
    }

    /// Samples (a) and (c): a plain success has no `status`, one after a warning has.
    private mutating func success(
        _ action: ProfileActionName, of index: Int, requestID: String, isAfterWarning: Bool
    ) -> Message {
        let device = devices[index]
        return message(
            index, requestID: requestID, kind: isAfterWarning ? "after warning" : "success",
            usually: isAfterWarning ? .imeiAndEID : .iccidAndEID
        ) { ids in
            var members: [(String, JSON)] = [("deviceIdentifierCollection", ids)]
            if !isAfterWarning {
                members += [
                    ("ipAddress", .string("11.11.11.12")), ("state", .string(device.state)),
                    ("servicePlan", .string("sp4g")), ("deviceCredential", .object([])),
                ]
            }
            members += [
                ("smsrOid", .string(device.smsrOid)), ("profileStatus", .string(action.resultingStatus)),
                ("euiccStatus", .string("EXECUTED_SUCCESS")), ("euiccStatusCode", .string("1.2.365")),
                ("euiccStatusDesc", .string("EUICC device profile has been updated")),
                ("euiccSubAddressUpdateStatus", .string("EXECUTED_SUCCESS")),
                ("euiccSubAddressUpdateStatusCode", .string("1")),
                ("euiccSubAddressUpdateStatusDesc", .string("SUCCESS: Address has been updated")),
            ]
            return [Self.profileResponse(members)] + (isAfterWarning ? [("status", .string("Success"))] : [])
        }
    }

    /// Sample (b).
    private mutating func warning(of index: Int, _ job: Job) -> Message {
        message(index, requestID: job.requestID, kind: "warning", usually: .imeiAndEID) { _ in
            [
                Self.profileResponse([
                    ("euiccStatus", .string("EXECUTED_WITHWARNING")), ("euiccStatusCode", .string("8.2.1,3.9")),
                    (
                        "euiccStatusDesc",
                        .string(
                            "The use case was expired at notification receiving step. "
                                + "The server did not receive eUICC notification.")
                    ),
                ]), ("status", .string("Success")),
            ]
        }
    }

    /// Shape (d), known from prose only.
    private mutating func euiccError(
        _ action: ProfileActionName, of index: Int, _ job: Job, code: String
    ) -> Message {
        let status = devices[index].profileStatus
        return message(index, requestID: job.requestID, kind: "failure") { ids in
            [
                Self.profileResponse([
                    ("deviceIdentifierCollection", ids), ("profileStatus", .string(status)),
                    ("euiccErrorCode", .string(code)),
                    ("euiccErrorDesc", .string("The \(action.rawValue) could not be carried out.")),
                ]), ("status", .string("Failed")),
            ]
        }
    }

    /// Shape (e).
    private mutating func fault(of index: Int, _ job: Job) -> Message {
        message(index, requestID: job.requestID, kind: "fault") { _ in
            [
                (
                    "faultResponse",
                    .object([
                        ("faultcode", .string("UnifiedWebService.INPUT_INVALID.Device.Account.Invalid")),
                        ("faultstring", .string("INPUT_INVALID. The device is not part of the account")),
                    ])
                ), ("status", .string("Failed")),
            ]
        }
    }

    /// The shape of this body is published nowhere (`thingspace.md`, section 4.2).
    private func deviceList(account: String, filter: DeviceListFilter, requestID: String) -> Message {
        let rows = devices.indices(matching: filter, account: account, model: self).map { index -> JSON in
            let device = devices[index]
            var members: [(String, JSON)] = [
                ("deviceIds", ids(index, .iccidAndEID, capitalized: false)), ("state", .string(device.state)),
                ("smsrOid", .string(device.smsrOid)),
            ]
            if options.listsProfileStatus { members.append(("profileStatus", .string(listedStatus(of: device)))) }
            return .object(members)
        }
        return Message(
            account: account, requestID: requestID,
            members: [
                ("deviceResponse", .object([("deviceList", .array(rows))])), ("status", .string("Success")),
            ], fate: requestID, isList: true)
    }
}

extension [SimulatedDevice] {
    fileprivate func indices(matching filter: DeviceListFilter, account: String, model: CarrierModel) -> [Int] {
        let named = filter.ids.map { ids in
            ids.flatMap { model.indices(kind: $0.kind, id: $0.id) }.sorted()
        }
        return (named ?? Array<Int>(indices)).filter { index in
            let device = self[index]
            return device.accountName == account && device.isOnAccount
                && (filter.profileStatus.map { folded($0) == folded(model.listedStatus(of: device)) } ?? true)
                && (filter.provisioningStatus.map { folded($0).hasPrefix(folded(device.state)) } ?? true)
        }
    }

    private func folded(_ word: String) -> String {
        word.lowercased().filter { !" _-".contains($0) }
    }
}
