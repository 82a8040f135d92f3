/// The messages about devices. Shapes: `thingspace.md`, section 2.6.
extension CarrierModel {
    /// By what a message names its device.
    enum Naming {
        case iccidAndEID
        case imeiAndEID
        case imeiOnly
    }

    /// - Parameter iccid: `nil` for the device's own.
    func ids(_ index: Int, _ naming: Naming, capitalized: Bool, iccid: String? = nil) -> JSON {
        let device = devices[index]
        func id(_ kind: String, _ value: String) -> JSON {
            .object([("id", .string(value)), ("kind", .string(capitalized ? kind : kind.lowercased()))])
        }
        switch (naming, device.imei) {
        case (.imeiOnly, let imei?): return .array([id("Imei", imei)])
        case (.imeiAndEID, let imei?): return .array([id("Imei", imei), id("Eid", device.eid)])
        default: return .array([id("Iccid", iccid ?? device.iccid), id("Eid", device.eid)])
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
        _ index: Int, requestID: String, kind: String, usually naming: Naming = .iccidAndEID, iccid: String? = nil,
        _ members: (JSON) -> [(String, JSON)]
    ) -> Message {
        let fate = "\(devices[index].iccid) \(devices[index].acceptedCalls) \(kind)"
        // Only the ICCID names another profile of the card.
        let unusual = iccid == nil ? unusualNaming(index, fate) : nil
        if (unusual ?? naming) != .iccidAndEID { counts.callbacksByIMEI += 1 }
        return Message(
            account: devices[index].accountName, requestID: requestID,
            members: [("deviceIds", ids(index, unusual ?? naming, capitalized: true, iccid: iccid))]
                + members(ids(index, unusual ?? .iccidAndEID, capitalized: false, iccid: iccid)),
            fate: fate)
    }

    private static func profileResponse(_ members: [(String, JSON)]) -> (String, JSON) {
        ("deviceResponse", .object([("deviceProfileResponse", .object(members))]))
    }

    /// Samples (a) and (c): a plain success has no `status`, one after a warning has.
    mutating func success(
        _ action: ProfileActionName, of index: Int, requestID: String, isAfterWarning: Bool
    ) -> Message {
        success(
            status: action.resultingStatus, of: index, requestID: requestID,
            kind: isAfterWarning ? "after warning" : "success", isAfterWarning: isAfterWarning)
    }

    /// - Parameter iccid: that of another profile of the card; `nil` for the device's own.
    mutating func success(
        status: String, of index: Int, requestID: String, kind: String, isAfterWarning: Bool = false,
        iccid: String? = nil
    ) -> Message {
        let device = devices[index]
        let hasNullFault = behaves(.faultsOfNull, to: index)
        if hasNullFault { count(.faultsOfNull) }
        return message(
            index, requestID: requestID, kind: kind, usually: isAfterWarning ? .imeiAndEID : .iccidAndEID, iccid: iccid
        ) { ids in
            var members: [(String, JSON)] = [("deviceIdentifierCollection", ids)]
            if !isAfterWarning {
                members += [
                    ("ipAddress", .string("11.11.11.12")), ("state", .string(device.state)),
                    ("servicePlan", .string("sp4g")), ("deviceCredential", .object([])),
                ]
            }
            members += [
                ("smsrOid", .string(device.smsrOid)), ("profileStatus", .string(status)),
                ("euiccStatus", .string("EXECUTED_SUCCESS")), ("euiccStatusCode", .string("1.2.365")),
                ("euiccStatusDesc", .string("EUICC device profile has been updated")),
                ("euiccSubAddressUpdateStatus", .string("EXECUTED_SUCCESS")),
                ("euiccSubAddressUpdateStatusCode", .string("1")),
                ("euiccSubAddressUpdateStatusDesc", .string("SUCCESS: Address has been updated")),
            ]
            if hasNullFault { members += [("euiccErrorCode", .string("0")), ("euiccErrorDesc", .string(""))] }
            return [Self.profileResponse(members)]
                + (hasNullFault
                    ? [("faultResponse", .object([("faultcode", .null), ("faultstring", .null)]))] : [])
                + (isAfterWarning ? [("status", .string("Success"))] : [])
        }
    }

    /// Sample (b).
    mutating func warning(of index: Int, requestID: String, kind: String = "warning") -> Message {
        message(index, requestID: requestID, kind: kind, usually: .imeiAndEID) { _ in
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
    mutating func euiccError(
        _ action: ProfileActionName, of index: Int, requestID: String, code: String, kind: String = "failure"
    ) -> Message {
        let status = devices[index].profileStatus
        return message(index, requestID: requestID, kind: kind) { ids in
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
    mutating func fault(of index: Int, _ job: Job) -> Message {
        requests[job.requestID]?.set(.failed, of: index)
        return message(index, requestID: job.requestID, kind: "fault") { _ in
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

    /// A profileStatus that is in no table, and nothing that says more.
    mutating func unclear(profileStatus: String, of index: Int, requestID: String) -> Message {
        let smsr = devices[index].smsrOid
        return message(index, requestID: requestID, kind: "unclear profile") { ids in
            [
                Self.profileResponse([
                    ("deviceIdentifierCollection", ids), ("smsrOid", .string(smsr)),
                    ("profileStatus", .string(profileStatus)),
                ])
            ]
        }
    }

    /// A status that is in no table, and nothing that says more.
    mutating func unclear(messageStatus: String, of index: Int, requestID: String) -> Message {
        message(index, requestID: requestID, kind: "unclear status") { ids in
            [Self.profileResponse([("deviceIdentifierCollection", ids)]), ("status", .string(messageStatus))]
        }
    }
}
