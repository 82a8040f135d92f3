/// What a carrier that behaves badly does to its device lists, v1 and v2.
extension CarrierModel {
    /// `nil` if lists are answered.
    mutating func refusalOfLists() -> Answer? {
        let refusals: [CarrierBehavior] = [
            .listsInputInvalid, .listsForbiddenPage, .listsNotFound, .listsNumericUnauthorized,
        ]
        guard let behavior = behavior(among: refusals) else { return nil }
        count(behavior)
        switch behavior {
        case .listsInputInvalid:
            return .error("INPUT_INVALID.Request.Invalid", "The request is not valid for this account.")
        case .listsForbiddenPage:
            return .page(403)
        case .listsNotFound:
            return .notFound
        default:
            return .numeric(403, "Forbidden")
        }
    }

    /// Counts what the carrier does to the rows of a list.
    mutating func countRowBehaviors(_ behaviors: [CarrierBehavior]) {
        for behavior in behaviors where behaves(behavior) { count(behavior) }
    }

    /// What the carrier does to the rows of both lists, and to those of the v2 list alone.
    static let rowBehaviors: [CarrierBehavior] = [
        .listsOtherAccount, .listsForeignRows, .statusInTransition, .statusUnknownWord,
    ]
    static let rowBehaviorsV2: [CarrierBehavior] = [
        .v2ListPartial, .v2ListCardRows, .v2ListFormerProfile, .v2ListAddressState, .v2ListMessagePerDevice,
        .v2ListOddICCID,
    ]

    /// Rows of a page of the v1 list, at most.
    var largestPage: Int {
        if behaves(.v1PageLimit100) { return 100 }
        return behaves(.v1PageLimit) ? 500 : Self.pageSize
    }

    /// - Parameter size: the rows that were asked for; `nil` if the request does not say.
    mutating func refusalOfPage(_ size: Int?) -> Answer? {
        guard let behavior = behavior(among: [.v1PageLimit100, .v1PageLimit]), let size, size > largestPage else {
            return nil
        }
        count(behavior)
        return .error("INPUT_INVALID.MaxNumberOfDevices.Invalid", "maxNumberOfDevices is at most \(largestPage).")
    }

    /// The name of a device's account as rows spell it.
    func listedAccount(of index: Int) -> String {
        let name = devices[index].accountName
        guard behaves(.listsOtherAccount, to: index) else { return name }
        switch Int(chance.share("spelling", devices[index].iccid) * 3) {
        case 0: return name + " "
        case 1: return name.hasPrefix("0") ? String(name.dropFirst()) : name + " "
        default: return name.contains("-") ? name.replacing("-", with: "\u{2013}") : name + " "
        }
    }

    /// The ICCID of a device as rows of the v2 list have it.
    func listedICCID(of index: Int) -> String {
        let iccid = devices[index].iccid
        return behaves(.v2ListOddICCID) && firstOfAccount.contains(index) ? String(iccid.dropLast()) : iccid
    }

    /// A device that no account here has.
    private var foreignDevice: SimulatedDevice {
        SimulatedDevice(
            eid: InventedIdentifiers.eid(share: chance.share("foreign EID")),
            iccid: InventedIdentifiers.iccid(share: chance.share("foreign ICCID")),
            accountName: "0990000099-00001", smsrOid: "1.3.6.1.4.1.31746.1.500.200.101.5",
            profileStatus: "DOWNLOAD_ENABLE")
    }

    /// Devices of accounts that were not asked for: one of each other account here, and one of nobody's.
    func foreignDevices(besides account: String?) -> [SimulatedDevice] {
        firstOfAccount.sorted().map { devices[$0] }.filter { $0.accountName != account } + [foreignDevice]
    }

    func foreignRowsV1(besides account: String?) -> [JSON] {
        foreignDevices(besides: account).map { device in
            .object([
                ("accountName", .string(device.accountName)),
                (
                    "carrierInformations",
                    .array([
                        .object([
                            ("carrierName", .string("Verizon Wireless")), ("state", .string(device.state.lowercased())),
                        ])
                    ])
                ),
                ("deviceIds", Self.listedIDs(eid: device.eid, iccid: device.iccid)),
                (
                    "extendedAttributes",
                    .array([
                        .object([("key", .string("ProfileStatus")), ("value", .string(device.profileStatus))]),
                        .object([("key", .string("DeviceId")), ("value", .string("1"))]),
                    ])
                ),
            ])
        }
    }

    static func listedIDs(eid: String, iccid: String) -> JSON {
        .array([
            .object([("id", .string(iccid)), ("kind", .string("iccid"))]),
            .object([("id", .string(eid)), ("kind", .string("eid"))]),
        ])
    }
}
