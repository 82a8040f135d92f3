import Foundation

/// Short request bodies as the carrier's pages show them.
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
///
/// It is written piece by piece: with an encoder's object for each value, the bodies of a large change take more time
/// than the calls that carry them.
struct ProfileActionBody {
    let devices: [DeviceKey]
    let account: AccountName
    let smsr: SmsrOid

    var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.begin("[", "devices")
            for device in devices {
                json.object { json in
                    json.begin("[", "deviceIds")
                    json.object { json in
                        json.member("kind", "eid")
                        json.member("id") { device.eid.appendDigits(to: &$0) }
                    }
                    json.object { json in
                        json.member("kind", "iccid")
                        json.member("id") { device.iccid.appendDigits(to: &$0) }
                    }
                    json.end("]")
                }
            }
            json.end("]")
            json.member("accountName", account.description)
            json.member("smsrOid", smsr.description)
        }
        return json.bytes
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

    /// - Parameter limit: the largest page that is wanted.
    init(account: AccountName, after last: UInt64, limit: Int) {
        accountName = account.description
        maxNumberOfDevices = limit
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
