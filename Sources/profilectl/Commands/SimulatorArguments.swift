import ArgumentParser
import Foundation
import Logging
import Reconciler
import Simulator

/// How the simulated carrier behaves.
struct SimulatorArguments: ParsableArguments {
    @Option(help: "Decides all that the simulator leaves to chance.")
    var seed: UInt64 = 1

    @Option(help: "How long the simulator's answer to a call takes.")
    var latency = DurationArgument(.zero)

    @Option(help: "How long an action takes until its callback, at most.")
    var callbackDelay = DurationArgument(.milliseconds(300))

    @Option(help: "Share of devices whose first attempt fails (0 to 1).")
    var failureRate = 0.0

    @Option(help: "Share of devices that fail at every attempt (0 to 1).")
    var permanentFailureRate = 0.0

    @Option(help: "Share of devices whose action first ends with a warning (0 to 1).")
    var warningRate = 0.0

    @Option(help: "How long after a warning the success comes.")
    var warningDelay = DurationArgument(.milliseconds(500))

    @Option(help: "Share of callbacks that are sent twice (0 to 1).")
    var duplicateRate = 0.0

    @Option(help: "Share of callbacks that later ones overtake (0 to 1).")
    var reorderRate = 0.0

    @Option(help: "Share of callbacks that are never sent (0 to 1).")
    var dropRate = 0.0

    @Option(help: "The time between deliveries that are not acknowledged.")
    var redeliveryInterval = DurationArgument(.seconds(300))

    @Option(help: "Requests a second that are answered; others get 429.")
    var simulatorRequestsPerSecond: Int?

    func validate() throws {
        for (name, rate) in [
            ("failure-rate", failureRate), ("permanent-failure-rate", permanentFailureRate),
            ("warning-rate", warningRate), ("duplicate-rate", duplicateRate),
            ("reorder-rate", reorderRate), ("drop-rate", dropRate),
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
        func seconds(_ argument: DurationArgument) -> Double { Double(argument.duration.wholeMilliseconds) / 1000 }
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
        return options
    }

    /// The fleet's devices as the carrier has them when none holds a profile yet.
    static func inventory(of fleet: DesiredFleet) -> [SimulatedDevice] {
        fleet.devices.map { device in
            SimulatedDevice(
                eid: device.key.eid.description, iccid: device.key.iccid.description, imei: device.imei?.description,
                accountName: fleet.accountName(of: device).description,
                smsrOid: fleet.smsrOid(of: device).description)
        }
    }

    /// Runs a simulator for as long as `work` takes.
    func whileRunning<Result: Sendable>(
        fleet: DesiredFleet, host: String, port: Int, logger: Logger,
        _ work: @escaping @Sendable (Running) async throws -> Result
    ) async throws -> Result {
        var options = options
        // Callbacks come to a port that the system chooses.
        options.allowsAnyCallbackPort = true
        let simulator = Simulator(devices: Self.inventory(of: fleet), options: options, logger: logger)
        let credentials = CarrierCredentials(
            clientID: options.clientID, clientSecret: options.clientSecret, username: options.username,
            password: options.password)
        let (ports, portContinuation) = AsyncStream.makeStream(of: Int.self)
        let (stop, stopContinuation) = AsyncStream.makeStream(of: Void.self)
        return try await withThrowingTaskGroup(of: Swift.Result<Result, any Error>?.self) { group in
            group.addTask {
                defer { portContinuation.finish() }
                do {
                    try await simulator.run(host: host, port: port, until: stop) { portContinuation.yield($0) }
                } catch is CancellationError {}
                return nil
            }
            group.addTask {
                guard let port = await ports.first(where: { _ in true }) else { return nil }
                do {
                    return .success(
                        try await work(
                            Running(
                                simulator: simulator, baseURL: "http://127.0.0.1:\(port)/api", credentials: credentials,
                                callbackCredentials: CallbackCredentials(
                                    username: "profilectl", password: UUID().uuidString))))
                } catch {
                    // Not thrown here: the simulator is to end in order, whatever came of the work.
                    return .failure(error)
                }
            }
            defer { group.cancelAll() }
            var finished: Swift.Result<Result, any Error>?
            while let result = try await group.next() {
                finished = result ?? finished
                stopContinuation.finish()
            }
            guard let finished else { throw CancellationError() }
            return try finished.get()
        }
    }
}
