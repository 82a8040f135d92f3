import ArgumentParser
import Foundation
import Reconciler
import Simulator

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Takes the fleet to its desired state, or carries a saved plan out, and waits until it is there.",
        discussion: """
            Shows the plan and asks before anything is sent; anything but `yes` ends it
            with exit code 6. Ctrl-C stops sending, writes down what is under way and ends
            with exit code 130; a later run goes on from there.

            \(SelectionOptions.discussion)
            The profiles of one eUICC are selected together; waves and maxChange are
            shares of whole profile sets all the same.

            With a file that `plan --out` has written, what was reviewed is done and
            nothing else, and the manifests are not read. Devices that have moved since
            are named and left alone, and the exit code is 5.

            Outside the maintenance windows of a profile set (rollout.windows) nothing new
            is sent for its devices. The run waits for the next opening if that comes
            within --timeout, and ends with exit code 4 otherwise.

            Examples:
              profilectl apply fleet/
              profilectl apply change.plan
              profilectl apply fleet/ --target label:site=phoenix-7
              profilectl apply fleet/ --auto-approve --timeout 2h
              profilectl apply fleet/ --simulate --warning-rate 0.1
            """)

    @OptionGroup var manifests: ManifestArguments
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Settings") var overrides: SettingsOverrides
    @OptionGroup(title: "Lists") var lists: ListArguments
    @OptionGroup(title: "Simulator") var simulator: SimulatorArguments

    @Flag(help: "Do not ask.")
    var autoApprove = false

    @Flag(help: "End once everything is asked for; do not wait for the callbacks.")
    var noWait = false

    @Option(duration: "How long to wait for convergence (30s, 15m, 2h).")
    var timeout = Duration.seconds(3600)

    @Flag(help: "Try devices once more whose attempts are used up, or that need a person.")
    var retryFailed = false

    @Flag(help: "Allow more to change than rollout.maxChange.")
    var allowLargeChange = false

    @Flag(help: "Change devices outside rollout.windows too, in this run only: a person's word, not for machines.")
    var outsideWindows = false

    @Flag(help: "Use the carrier's simulator, in this process, and a throw-away store unless --state is given.")
    var simulate = false

    func run() async throws {
        try await reporting(common) {
            let saved = try manifests.savedPlan()
            guard saved == nil || selection.isEmpty else {
                throw ValidationError(
                    "A saved plan is carried out as it was reviewed: --target and --exclude are for manifests.")
            }
            var settings = lists.applied(to: overrides.applied(to: try common.settings()))
            let scratch = simulate && common.state == nil ? try ScratchFolder() : nil
            defer { scratch?.remove() }
            if let scratch { settings.state = "sqlite:\(scratch.path)/state.db" }

            if let saved { return try await apply(saved, settings: settings, isRehearsal: scratch != nil) }
            let fleet = try selection.applied(to: try await manifests.load(common))
            let plan = try await PlanSession(settings: settings).plan(
                retryFailed: retryFailed, onWait: { printError("\($0)") }
            ) {
                fleet
            }
            try PlanOutput(plan: plan, format: .text, style: common.output).write()
            guard !plan.isConverged else { return try await FinishedRollouts(settings: settings).end(of: fleet) }
            try await approveAndCarryOut(.fleet(fleet), settings: settings) { simulator.inventory(of: fleet) }
        }
    }

    /// - Parameter inventory: gives the devices of the simulator, where one is asked for.
    func approveAndCarryOut(
        _ goal: ApplyGoal, settings: Settings, inventory: () -> [SimulatedDevice]
    ) async throws {
        guard try autoApprove || Approval(style: common.output).ask() else {
            try printLine("Nothing was changed.")
            throw ExitCode(6)
        }
        let report = try await carryOut(goal, settings: settings, inventory: simulate ? inventory() : [])
        try printLines(ApplyReportText(report: report, style: common.output).lines())
        if let part = goal.part {
            try printLine(
                "Of the fleet's \(part.fleetCount.grouped) devices only those were acted upon that are selected.")
        }
        let code = report.exitCode
        if code != 0 { throw ExitCode(code) }
    }

    private func carryOut(
        _ goal: ApplyGoal, settings: Settings, inventory: [SimulatedDevice]
    ) async throws -> ApplyReport {
        let options = ApplyOptions(
            policy: settings.policy, verification: settings.verification,
            // So that the run can say why, before its own time is over.
            lookupTimeout: min(.seconds(300), timeout * 4 / 5), waitsForConvergence: !noWait,
            timeout: timeout, retryFailed: retryFailed, largeChanges: allowLargeChange ? .allow : .refuse,
            ignoresWindows: outsideWindows, lists: settings.lists)
        let progress = ProgressDisplay(style: common.errorOutput)
        let store = try await settings.openStore()
        let secrets = Secrets(environment: ProcessInfo.processInfo.environment)
        if simulate {
            return try await simulator.whileRunning(
                inventory: inventory, host: "127.0.0.1", port: 0, logger: common.logger()
            ) { running in
                try await run(
                    goal, settings: settings.directed(to: running), credentials: running.credentials,
                    callbackCredentials: running.callbackCredentials, store: store, options: options, progress)
            }
        }
        return try await run(
            goal, settings: settings, credentials: secrets.carrierCredentials(),
            callbackCredentials: secrets.callbackCredentials(), store: store, options: options, progress)
    }

    private func run(
        _ goal: ApplyGoal, settings: Settings, credentials: CarrierCredentials,
        callbackCredentials: CallbackCredentials, store: any StateStore, options: ApplyOptions,
        _ progress: ProgressDisplay
    ) async throws -> ApplyReport {
        let session = ApplySession(
            goal: goal, settings: settings, carrierCredentials: credentials,
            callbackCredentials: callbackCredentials, store: store, options: options, command: "apply",
            retriesSignIn: overrides.retrySignIn, clock: SystemClock(), logger: common.logger(),
            observer: try KillAtStep(environment: ProcessInfo.processInfo.environment) ?? IndifferentObserver())
        let report = try await InterruptSignals.stopping(session.stop) {
            try await session.run { progress.show($0) }
        }
        progress.finish()
        return report
    }
}

extension ApplyReport {
    /// The exit code of the contract.
    var exitCode: Int32 {
        switch ending {
        case .stopped: 1
        case .interrupted: 130
        case .timedOut, .outsideWindows, .heldUp: 4
        case .aborted: 3
        case .running, .settled, .asked: !moved.isEmpty ? 5 : exceptions.isEmpty ? 0 : 3
        }
    }
}
