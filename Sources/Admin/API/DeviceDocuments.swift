import Reconciler

/// A page of devices, as JSON.
struct DevicePageDocument: Encodable {
    let devices: [DeviceDocument]
    /// The cursor of the next page; missing on the last one.
    let next: String?

    init(_ page: DevicePage) {
        devices = page.devices.map(DeviceDocument.init)
        next = page.next?.description
    }
}

/// What is known of one device.
struct DeviceDocument: Encodable {
    struct LatestOperation: Encodable {
        let action: String
        let phase: String
        let attempt: Int
        let intendedAt: String

        init(_ operation: Operation) {
            action = operation.action.rawValue
            phase = operation.phase.name
            attempt = operation.attempt
            intendedAt = operation.intendedAt.description
        }
    }

    let eid: String
    let iccid: String
    let imei: String?
    let accountName: String
    let profile: String?
    let profileStatus: String?
    let observedAt: String?
    let source: String?
    let service: String
    /// The profile state that was last reached on purpose.
    let reached: String?
    let version: Int64
    let operation: LatestOperation?

    init(_ record: DeviceRecord) {
        eid = record.key.eid.description
        iccid = record.key.iccid.description
        imei = record.imei?.description
        accountName = record.account.description
        profile = record.observation?.state.name
        profileStatus = record.observation?.profileStatus
        observedAt = record.observation?.at.description
        source = record.observation?.source.name
        service = record.service.word
        reached = record.reached?.name
        version = record.version
        operation = record.operation.map(LatestOperation.init)
    }
}

/// The devices of one eUICC with everything that has happened to them.
struct CardDocument: Encodable {
    let devices: [DeviceStatus]
}
