import Reconciler

/// The identifiers of a device, for the API and the dashboard.
struct DeviceName: Encodable, Sendable {
    let eid: String
    let iccid: String

    init(_ key: DeviceKey) {
        eid = key.eid.description
        iccid = key.iccid.description
    }
}
