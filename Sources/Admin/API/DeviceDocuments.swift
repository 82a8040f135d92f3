import Reconciler

/// A page of devices, as JSON.
struct DevicePageDocument: Encodable {
    let devices: [ListedDeviceDocument]
    /// The cursor of the next page; missing on the last one.
    let next: String?

    init(_ page: DevicePage) {
        devices = page.devices.map(ListedDeviceDocument.init)
        next = page.next?.description
    }
}

/// What is known of one device of a list.
struct ListedDeviceDocument: Encodable {
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

    private let device: DeviceDocument
    /// The profile state that was last reached on purpose.
    private let reached: String?
    private let operation: LatestOperation?

    init(_ record: DeviceRecord) {
        device = DeviceDocument(record)
        reached = record.reached?.name
        operation = record.operation.map(LatestOperation.init)
    }

    /// The members of the device itself and these make one JSON object.
    private enum CodingKeys: CodingKey {
        case reached, operation
    }

    func encode(to encoder: any Encoder) throws {
        try device.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encodeIfPresent(reached, forKey: .reached)
        try members.encodeIfPresent(operation, forKey: .operation)
    }
}

/// The devices of one eUICC with everything that has happened to them.
struct CardDocument: Encodable {
    let devices: [DeviceStatus]
}
