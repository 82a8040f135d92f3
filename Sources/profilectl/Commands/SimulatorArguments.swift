import ArgumentParser
import Foundation
import Logging
import Reconciler
import Simulator

/// How the simulated carrier behaves.
struct SimulatorArguments: ParsableArguments {
    @Option(help: "Decides how the simulator behaves where that is left to chance; ids of requests are always new.")
    var seed: UInt64 = 1

    @Option(duration: "How long the simulator's answer to a call takes.")
    var latency = Duration.zero

    @Option(duration: "How long an action takes until its callback, at most.")
    var callbackDelay = Duration.milliseconds(300)

    @Option(help: "Share of devices whose first attempt fails (0 to 1).")
    var failureRate = 0.0

    @Option(help: "Share of devices that fail at every attempt (0 to 1).")
    var permanentFailureRate = 0.0

    @Option(help: "Share of devices whose action first ends with a warning (0 to 1).")
    var warningRate = 0.0

    @Option(duration: "How long after a warning the success comes.")
    var warningDelay = Duration.milliseconds(500)

    @Option(help: "Share of callbacks that are sent twice (0 to 1).")
    var duplicateRate = 0.0

    @Option(help: "How often each callback is sent although it was acknowledged.")
    var deliveries = 1

    @Option(help: "Share of callbacks that later ones overtake (0 to 1).")
    var reorderRate = 0.0

    @Option(help: "Share of callbacks that are never sent (0 to 1).")
    var dropRate = 0.0

    @Option(help: "Share of callbacks that come later than anybody waits for them (0 to 1).")
    var lateRate = 0.0

    @Option(duration: "How much later they come.")
    var lateDelay = Duration.seconds(2400)

    @Option(help: "Share of callbacks that first come with a wrong password (0 to 1).")
    var wrongCredentialsRate = 0.0

    @Option(help: "Share of callbacks under another requestId than their request's (0 to 1).")
    var otherRequestRate = 0.0

    @Option(help: "Share of callbacks that name the device by IMEI and EID, if it has an IMEI (0 to 1).")
    var imeiAndEidRate = 0.0

    @Option(help: "Share of callbacks that name the device by IMEI alone, if it has one (0 to 1).")
    var imeiOnlyRate = 0.0

    @Option(duration: "The time between deliveries that are not acknowledged.")
    var redeliveryInterval = Duration.seconds(300)

    @Option(help: "Requests a second that are answered; others get 429.")
    var simulatorRequestsPerSecond: Int?

    @Option(help: "Share of calls for actions and device lists that meet a fault (0 to 1).")
    var faultRate = 0.0

    @Option(name: .customLong("fault"), help: "A fault that calls may meet, instead of all; may be repeated.")
    var faults: [CarrierFault] = []

    @Option(help: "Faults that one device meets with calls of one kind, at most.")
    var faultsPerDevice: Int?

    @Option(duration: "How long the answer takes that the fault `slow` holds back: longer than the client waits.")
    var slowAnswer = Duration.seconds(45)

    @Option(duration: "How long the fault `too-many` refuses all calls.")
    var throttleBurst = Duration.seconds(2)

    @Option(
        name: .customLong("carrier-fault"),
        help: "Something that the carrier does badly with its lists, answers, messages or tokens; may be repeated.")
    var carrierFaults: [NamedCarrierFault] = []

    @Option(help: "Share of devices that meet what a carrier fault does to single devices (0 to 1).")
    var carrierFaultShare = 1.0

    @Option(
        duration:
            "How much later comes what a carrier fault does later: late successes, roll-backs, ends of transitions.")
    var carrierFaultDelay = Duration.seconds(2)

    @Flag(help: "Leave the profile status out of the rows of v2 device lists.")
    var listsWithoutStatus = false

    @Flag(help: "Tell the profile status in the rows of the v1 device list.")
    var v1TellsStatus = false

    @Flag(help: "Refuse v2 device lists, as for an account that does not have them.")
    var withoutV2List = false

    @Option(help: "Share of answers to v2 device lists that are never sent (0 to 1).")
    var listDropRate = 0.0

    @Flag(help: "The devices hold what the manifests declare, from the start.")
    var asDeclared = false

    func validate() throws {
        guard deliveries >= 1 else {
            throw ValidationError("--deliveries is a number from 1, not \(deliveries).")
        }
        for (name, rate) in [
            ("failure-rate", failureRate), ("permanent-failure-rate", permanentFailureRate),
            ("warning-rate", warningRate), ("duplicate-rate", duplicateRate),
            ("reorder-rate", reorderRate), ("drop-rate", dropRate), ("late-rate", lateRate),
            ("wrong-credentials-rate", wrongCredentialsRate), ("other-request-rate", otherRequestRate),
            ("imei-and-eid-rate", imeiAndEidRate), ("imei-only-rate", imeiOnlyRate), ("fault-rate", faultRate),
            ("list-drop-rate", listDropRate), ("carrier-fault-share", carrierFaultShare),
        ] where !(0...1 ~= rate) {
            throw ValidationError("--\(name) is a share from 0 to 1, not \(rate).")
        }
    }

    /// A simulator that can be called.
    struct Running: Sendable {
        let simulator: Simulator
        let baseURL: String
        let credentials: CarrierCredentials
        let callbackCredentials: CallbackCredentials
    }

    var options: SimulatorOptions {
        func seconds(_ duration: Duration) -> Double { Double(duration.wholeMilliseconds) / 1000 }
        var options = SimulatorOptions()
        options.seed = seed
        options.latency = seconds(latency)
        options.callbackDelay = seconds(callbackDelay) / 6...seconds(callbackDelay)
        options.failureRate = failureRate
        options.permanentFailureRate = permanentFailureRate
        options.warningRate = warningRate
        options.warningDelay = seconds(warningDelay)
        options.duplicateRate = duplicateRate
        options.reorderRate = reorderRate
        options.dropRate = dropRate
        options.redeliveryInterval = seconds(redeliveryInterval)
        options.requestsPerSecond = simulatorRequestsPerSecond
        options.deliveries = deliveries
        options.lateRate = lateRate
        options.lateDelay = seconds(lateDelay)
        options.wrongCredentialsRate = wrongCredentialsRate
        options.otherRequestRate = otherRequestRate
        options.imeiAndEIDRate = imeiAndEidRate
        options.imeiOnlyRate = imeiOnlyRate
        options.faultRate = faultRate
        if !faults.isEmpty { options.faults = faults }
        options.faultsPerDevice = faultsPerDevice ?? .max
        options.slowAnswer = seconds(slowAnswer)
        options.throttleBurst = seconds(throttleBurst)
        options.listsProfileStatus = !listsWithoutStatus
        options.listsProfileStatusInV1 = v1TellsStatus
        options.offersListV2 = !withoutV2List
        options.listDropRate = listDropRate
        options.carrierFaults = Set(carrierFaults.compactMap(\.behavior))
        let answers = carrierFaults.compactMap(\.answer)
        if !answers.isEmpty {
            // Named, it comes without a rate as well, and leaves a way for the run to end.
            options.faults = answers + faults
            if faultRate == 0 { options.faultRate = 0.5 }
            if faultsPerDevice == nil { options.faultsPerDevice = 3 }
        }
        options.carrierFaultSettings.share = carrierFaultShare
        options.carrierFaultSettings.lateSuccess = seconds(carrierFaultDelay)
        options.carrierFaultSettings.rollback = seconds(carrierFaultDelay)
        options.carrierFaultSettings.transition = seconds(carrierFaultDelay)
        return options
    }

    /// The fleet's devices as the carrier has them: without a profile yet, unless all is as declared. The label `group`
    /// is the carrier's group.
    func inventory(of fleet: DesiredFleet) -> [SimulatedDevice] {
        Self.inventory(of: fleet, asDeclared: asDeclared)
    }

    private static func inventory(of fleet: DesiredFleet, asDeclared: Bool) -> [SimulatedDevice] {
        fleet.devices.map { device in
            let status = device.state == .downloadedEnabled ? "DOWNLOAD_ENABLE" : "DOWNLOAD_DISABLE"
            return SimulatedDevice(
                eid: device.key.eid.description, iccid: device.key.iccid.description, imei: device.imei?.description,
                accountName: fleet.accountName(of: device).description,
                smsrOid: fleet.smsrOid(of: device).description, profileStatus: asDeclared ? status : "Not Downloaded",
                groupNames: fleet.labels(of: device)["group"].map { [$0] } ?? [])
        }
    }

    /// The devices of a saved plan as they were when it was made.
    static func inventory(of saved: SavedPlan) -> [SimulatedDevice] {
        zip(inventory(of: saved.fleet, asDeclared: false), saved.plan.actions).map { device, action in
            var device = device
            switch action.known {
            case .downloadedEnabled: device.profileStatus = "DOWNLOAD_ENABLE"
            case .downloadedDisabled: device.profileStatus = "DOWNLOAD_DISABLE"
            case .deleted: device.profileStatus = "DELETE"
            case .notDownloaded, .unknown, nil: break
            }
            return device
        }
    }

    /// Runs a simulator for as long as `work` takes.
    func whileRunning<Result: Sendable>(
        inventory: [SimulatedDevice], host: String, port: Int, logger: Logger,
        _ work: @escaping @Sendable (Running) async throws -> Result
    ) async throws -> Result {
        var options = options
        // Callbacks come to a port that the system chooses.
        options.allowsAnyCallbackPort = true
        let simulator = Simulator(devices: inventory, options: options, logger: logger)
        let credentials = CarrierCredentials(
            clientID: options.clientID, clientSecret: options.clientSecret, username: options.username,
            password: options.password)
        return try await whileServing { stop, onListening in
            try await simulator.run(host: host, port: port, until: stop.untilChange, onListening: onListening)
        } _: { port in
            try await work(
                Running(
                    simulator: simulator, baseURL: "http://127.0.0.1:\(port)/api", credentials: credentials,
                    callbackCredentials: CallbackCredentials(username: "profilectl", password: UUID().uuidString)))
        }
    }
}

extension Settings {
    /// The same settings, with a simulator on this machine for carrier.
    func directed(to running: SimulatorArguments.Running) -> Settings {
        var settings = self
        settings.baseURL = running.baseURL
        settings.callbackListen = "127.0.0.1:0"
        settings.callbackURL = nil
        settings.callbackTLS = nil
        settings.register = .auto
        return settings
    }
}

extension CarrierFault: ExpressibleByArgument {}
extension CarrierBehavior: ExpressibleByArgument {}

/// What `--carrier-fault` takes: what a carrier does as a whole, or what half of its answers come to.
enum NamedCarrierFault: ExpressibleByArgument, Sendable {
    case behavior(CarrierBehavior)
    case answer(CarrierFault)

    init?(argument: String) {
        if let behavior = CarrierBehavior(rawValue: argument) {
            self = .behavior(behavior)
        } else if let fault = CarrierFault(rawValue: argument) {
            self = .answer(fault)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] {
        CarrierBehavior.allCases.map(\.rawValue) + CarrierFault.allCases.map(\.rawValue)
    }

    var behavior: CarrierBehavior? {
        if case .behavior(let behavior) = self { behavior } else { nil }
    }

    var answer: CarrierFault? {
        if case .answer(let fault) = self { fault } else { nil }
    }
}
