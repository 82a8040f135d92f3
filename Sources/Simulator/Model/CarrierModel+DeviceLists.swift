/// The message, or messages, that answer a v2 device list. The shape is published nowhere (`thingspace.md`,
/// section 4.2).
extension CarrierModel {
    mutating func deviceList(account: String, filter: DeviceListFilter, requestID: String, now: Double) -> [Message] {
        memory.lists[account, default: 0] += 1
        let list = PendingList(
            account: account, requestID: requestID, fate: "list \(account) \(memory.lists[account, default: 0])")
        if isLost(filter, account: account) {
            counts.listsDropped += 1
            return []
        }
        let matching = matching(filter, account: account, now: now)
        let rows = rows(of: remaining(matching), account: account, now: now)
        if let answer = answerWithoutRows(list, firstRow: rows.first) { return [answer] }
        requests[requestID]?.set(.processed, of: nil)
        countRowBehaviors(Self.rowBehaviors + Self.rowBehaviorsV2)
        let parts = behaves(.v2ListMessagePerDevice) && rows.count > 1 ? rows.map { [$0] } : [rows]
        return parts.enumerated().map { number, rows in
            message(
                list,
                [("deviceResponse", .object([("deviceList", .array(rows))])), ("status", .string("Success"))],
                part: parts.count > 1 ? number + 1 : nil)
        }
    }

    private struct PendingList {
        let account: String
        let requestID: String
        let fate: String
    }

    private func message(_ list: PendingList, _ members: [(String, JSON)], part: Int? = nil) -> Message {
        Message(
            account: list.account, requestID: list.requestID, members: members,
            fate: part.map { "\(list.fate) part \($0)" } ?? list.fate, isList: true)
    }

    /// Whether the answer never comes: this one, or any.
    private mutating func isLost(_ filter: DeviceListFilter, account: String) -> Bool {
        if behaves(.v2ListSilent) {
            count(.v2ListSilent)
            return true
        }
        guard behaves(.v2ListOnceLost) else { return false }
        let ids = (filter.ids ?? []).map { "\($0.kind.lowercased()) \($0.id)" }.sorted().joined(separator: " ")
        let subject = "\(account) \(filter.profileStatus ?? "") \(filter.provisioningStatus ?? "") \(ids)"
        return occurs(.v2ListOnceLost, at: subject, limit: 1)
    }

    private static let withoutRows: [CarrierBehavior] = [
        .v2ListCancelled, .v2ListFailed, .v2ListInProgress, .v2ListNull, .v2ListOneObject, .v2ListUnreadable,
    ]

    private mutating func answerWithoutRows(_ list: PendingList, firstRow: JSON?) -> Message? {
        guard let behavior = behavior(among: Self.withoutRows) else { return nil }
        count(behavior)
        func response(_ value: JSON) -> (String, JSON) { ("deviceResponse", .object([("deviceList", value)])) }
        switch behavior {
        case .v2ListCancelled:
            requests[list.requestID]?.set(.failed, of: nil)
            let fault = JSON.object([
                ("faultcode", .string("UnifiedWebService.REQUEST_CANCELLED.RequestCancelled")),
                ("faultstring", .string("REQUEST_CANCELLED. The request was cancelled")),
            ])
            return message(list, [("faultResponse", fault), ("status", .string("Failed"))])
        case .v2ListFailed:
            requests[list.requestID]?.set(.failed, of: nil)
            return message(list, [("deviceResponse", .object([])), ("status", .string("Failed"))])
        case .v2ListInProgress:
            return message(list, [response(.array([])), ("status", .string("InProgress"))])
        case .v2ListNull:
            requests[list.requestID]?.set(.processed, of: nil)
            return message(list, [response(.null), ("status", .string("Success"))])
        case .v2ListOneObject:
            requests[list.requestID]?.set(.processed, of: nil)
            return message(list, [response(firstRow ?? .object([])), ("status", .string("Success"))])
        default:
            requests[list.requestID]?.set(.processed, of: nil)
            return message(
                list, [response(.string("https://reports.example/list.csv")), ("status", .string("Success"))])
        }
    }

    // MARK: Which devices

    private func matching(_ filter: DeviceListFilter, account: String, now: Double) -> [Int] {
        func folded(_ word: String) -> String { word.lowercased().filter { !" _-".contains($0) } }
        let named = filter.ids.map { ids in
            // A filter that names a device twice has it once.
            Set(ids.flatMap { indices(kind: $0.kind, id: $0.id) }).sorted()
        }
        return (named ?? Array(devices.indices)).filter { index in
            let device = devices[index]
            return device.accountName == account && device.isOnAccount
                && (filter.profileStatus.map { folded($0) == folded(listedStatus(of: index, now: now)) } ?? true)
                && (filter.provisioningStatus.map { folded($0).hasPrefix(folded(device.state)) } ?? true)
        }
    }

    /// What is left of a list of these devices.
    private mutating func remaining(_ matching: [Int]) -> [Int] {
        if behaves(.listsEmpty) {
            count(.listsEmpty)
            return []
        }
        guard behaves(.v2ListPartial) else { return matching }
        return matching.filter { index in
            memory.listings[index, default: 0] += 1
            let number = String(memory.listings[index, default: 0])
            return chance.share("partial", devices[index].iccid, number) < 0.5
        }
    }

    // MARK: Rows

    private func rows(of matching: [Int], account: String, now: Double) -> [JSON] {
        let own = behaves(.v2ListCardRows) ? cardRows(matching, now: now) : matching.map { row($0, now: now) }
        guard behaves(.listsForeignRows), !behaves(.listsEmpty) else { return own }
        let foreign = foreignDevices(besides: account).map { device -> JSON in
            .object([
                ("accountName", .string(device.accountName)),
                ("deviceIds", Self.listedIDs(eid: device.eid, iccid: device.iccid)), ("state", .string(device.state)),
                ("smsrOid", .string(device.smsrOid)), ("profileStatus", .string(device.profileStatus)),
            ])
        }
        return foreign + own
    }

    private var namesAccounts: Bool { behaves(.listsOtherAccount) || behaves(.listsForeignRows) }

    private func row(_ index: Int, now: Double) -> JSON {
        let device = devices[index]
        var members: [(String, JSON)] = [
            ("deviceIds", Self.listedIDs(eid: device.eid, iccid: listedICCID(of: index)))
        ]
        if namesAccounts { members.append(("accountName", .string(listedAccount(of: index)))) }
        if behaves(.v2ListAddressState) {
            let address = JSON.object([("city", .string("Phoenix")), ("state", .string("AZ"))])
            members.append(("address", address))
        } else {
            members.append(("state", .string(device.state)))
        }
        members.append(("smsrOid", .string(device.smsrOid)))
        guard options.listsProfileStatus else { return .object(members) }
        if behaves(.v2ListFormerProfile) {
            let status = chance.share("former", device.iccid) < 0.5 ? "DELETE" : "ENABLE"
            members.append(("formerProfile", Self.profile(otherICCID("former", onCardOf: index), status)))
            members.append(("profile", Self.profile(listedICCID(of: index), listedStatus(of: index, now: now))))
        } else {
            members.append(("profileStatus", .string(listedStatus(of: index, now: now))))
        }
        return .object(members)
    }

    private static func profile(_ iccid: String, _ status: String?) -> JSON {
        .object([("iccid", .string(iccid))] + (status.map { [("profileStatus", .string($0))] } ?? []))
    }

    /// One row a card: the bootstrap profile, on some cards an old one that is deleted, and all of the inventory's.
    private func cardRows(_ matching: [Int], now: Double) -> [JSON] {
        var seen: Set<String> = []
        return matching.compactMap { index -> JSON? in
            let device = devices[index]
            guard seen.insert(device.eid).inserted else { return nil }
            let own = indices(kind: "eid", id: device.eid).filter { devices[$0].accountName == device.accountName }
            let isOursEnabled = own.contains { devices[$0].isEnabled }
            let tells = options.listsProfileStatus
            var profiles = [
                Self.profile(
                    otherICCID("bootstrap", onCardOf: index), tells ? (isOursEnabled ? "DISABLE" : "ENABLE") : nil)
            ]
            if chance.share("old profile", device.eid) < 0.5 {
                profiles.append(Self.profile(otherICCID("old", onCardOf: index), tells ? "DELETE" : nil))
            }
            profiles += own.map { Self.profile(listedICCID(of: $0), tells ? listedStatus(of: $0, now: now) : nil) }
            var members: [(String, JSON)] = [("eid", .string(device.eid)), ("profiles", .array(profiles))]
            if namesAccounts { members.append(("accountName", .string(listedAccount(of: index)))) }
            members.append(("state", .string(device.state)))
            return .object(members)
        }
    }
}
