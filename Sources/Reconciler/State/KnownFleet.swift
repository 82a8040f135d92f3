/// One row of the known fleet, as small as a plan needs it.
public struct KnownDevice: Sendable {
    public let key: DeviceKey
    /// 0 as long as nobody has told, otherwise the raw value of the profile state.
    let profileCode: UInt8
    let reachedCode: UInt8
    let serviceIndex: UInt16
    /// Into `KnownFleet.operations`, or -1.
    let operationIndex: Int32
    public let version: Int64
    /// The number of the roll-out that let it out last, 0 if none did.
    let rollout: Int32
    /// The number of the run of its latest operation, 0 if there was none.
    let run: Int32
    /// When its profile's state was last proven, in milliseconds since 1970; 0 if nothing proves it.
    let provenAtMilliseconds: Int64

    /// Whether there is an operation that a plan has to look at.
    var hasOperation: Bool { operationIndex >= 0 }

    public var profile: ProfileState? { ProfileState(rawValue: profileCode) }
    public var reached: ProfileState? { ProfileState(rawValue: reachedCode) }
}

/// How a device came to be in another state than the one that was reached on purpose.
struct KnownMove: Hashable, Sendable {
    let key: DeviceKey
    /// What was learnt last.
    let observation: ProfileObservation?
    let reachedSeenAt: Timestamp?
    let change: ProfileChange?
}

/// A device with something that puts what is known of it in doubt.
struct DeviceInDoubt: Hashable, Sendable {
    let key: DeviceKey
    let hint: Hint
}

/// The known state of all devices, in the order of their keys.
///
/// Only operations that matter for a plan are with it: those that are open and those that failed last.
public struct KnownFleet: Sendable {
    public internal(set) var devices: ContiguousArray<KnownDevice> = []
    public internal(set) var operations: ContiguousArray<Operation> = []
    var serviceStates: [ServiceState] = [.unknown]
    /// In the order of the keys: those devices only whose profile has moved away from what was reached.
    var moves: ContiguousArray<KnownMove> = []
    /// In the order of the keys: those devices only of which something puts what is known in doubt.
    var doubts: ContiguousArray<DeviceInDoubt> = []
    /// Those that have not ended.
    public internal(set) var rollouts: [RolloutRecord] = []
    public internal(set) var pauses: [Pause] = []
    /// Sets that are paused, or whose rollout was stopped by failures, with the devices that they had then.
    var heldSets: [HeldSet] = []

    public init() {}

    public func service(of device: KnownDevice) -> ServiceState {
        serviceStates[Int(device.serviceIndex)]
    }

    /// Whether nobody has found that the account does not have it.
    func isOnAccount(_ device: KnownDevice) -> Bool {
        device.serviceIndex == 0 || service(of: device) != .notOnAccount
    }

    public func operation(of device: KnownDevice) -> Operation? {
        device.operationIndex < 0 ? nil : operations[Int(device.operationIndex)]
    }
}

extension KnownFleet {
    /// A known fleet from full records, for tests and models.
    ///
    /// - Parameters:
    ///   - rollouts: those that have not ended.
    ///   - releases: which roll-out has let a device out.
    public init(
        _ records: some Sequence<DeviceRecord>, rollouts: [RolloutRecord] = [], pauses: [Pause] = [],
        releases: [DeviceKey: RolloutNumber] = [:]
    ) {
        self.rollouts = rollouts
        self.pauses = pauses
        var services: [ServiceState: UInt16] = [.unknown: 0]
        for record in records.sorted(by: { $0.key < $1.key }) {
            let next = UInt16(serviceStates.count)
            if services[record.service] == nil {
                services[record.service] = next
                serviceStates.append(record.service)
            }
            var operationIndex: Int32 = -1
            if let operation = record.operation, operation.mattersForPlan {
                operationIndex = Int32(operations.count)
                operations.append(operation)
            }
            devices.append(
                KnownDevice(
                    key: record.key, profileCode: record.observation?.state.rawValue ?? 0,
                    reachedCode: record.reached?.rawValue ?? 0, serviceIndex: services[record.service] ?? 0,
                    operationIndex: operationIndex, version: record.version,
                    rollout: Int32(truncatingIfNeeded: releases[record.key]?.number ?? 0),
                    run: Int32(truncatingIfNeeded: record.operation?.run?.number ?? 0),
                    provenAtMilliseconds: record.provenAt?.milliseconds ?? 0))
            if let hint = record.hint { doubts.append(DeviceInDoubt(key: record.key, hint: hint)) }
            if let observation = record.observation, let reached = record.reached, observation.state != reached {
                moves.append(
                    KnownMove(
                        key: record.key, observation: observation, reachedSeenAt: record.reachedSeenAt,
                        change: record.change))
            }
        }
    }
}

extension Operation {
    /// Whether a plan has to look at it: anything but a success leaves something to be known of it.
    var mattersForPlan: Bool { phase != .succeeded }
}
