import Foundation

/// Request bodies as the carrier's pages show them: members in the order in which they are declared.
enum CarrierJSON {
    static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // Only strings, lists and structs of them are encoded; that cannot fail.
        return (try? encoder.encode(value)).map { Array($0) } ?? []
    }
}

/// `{"kind", "id"}`
struct WireDeviceID: Encodable {
    let kind: String
    let id: String
}

/// The body of the profile actions. Source: `thingspace.md`, section 2.2.
struct ProfileActionBody: Encodable {
    struct Device: Encodable {
        let deviceIds: [WireDeviceID]
    }

    let devices: [Device]
    let accountName: String
    let smsrOid: String

    init(devices: [DeviceKey], account: AccountName, smsr: SmsrOid) {
        self.devices = devices.map { key in
            Device(deviceIds: [
                WireDeviceID(kind: "eid", id: key.eid.description),
                WireDeviceID(kind: "iccid", id: key.iccid.description),
            ])
        }
        accountName = account.description
        smsrOid = smsr.description
    }
}

/// The body of the v2 device list. Source: `thingspace.md`, section 4.2.
struct DeviceListBody: Encodable {
    let accountName: String
    let profileStatusFilter: String?
    let deviceFilter: [WireDeviceID]?

    init(account: AccountName, profileStatusFilter: String?, devices: [DeviceKey]) {
        accountName = account.description
        self.profileStatusFilter = profileStatusFilter
        deviceFilter = devices.isEmpty ? nil : devices.map { WireDeviceID(kind: "iccid", id: $0.iccid.description) }
    }
}

/// The body of the v1 device list: a page of an account, or one device. Source: `thingspace.md`, section 4.1.
struct AccountListBody: Encodable {
    private let accountName: String?
    private let maxNumberOfDevices: Int?
    private let largestDeviceIdSeen: UInt64?
    private let deviceId: WireDeviceID?

    init(account: AccountName, after last: UInt64) {
        accountName = account.description
        maxNumberOfDevices = AccountDevicePage.size
        largestDeviceIdSeen = last
        deviceId = nil
    }

    init(_ iccid: ICCID) {
        accountName = nil
        maxNumberOfDevices = nil
        largestDeviceIdSeen = nil
        deviceId = WireDeviceID(kind: "iccid", id: iccid.description)
    }
}

/// The body of a callback registration. Source: `thingspace.md`, section 5.1.
struct CallbackRegistrationBody: Encodable {
    let name: String
    let url: String
    let username: String?
    let password: String?
}
