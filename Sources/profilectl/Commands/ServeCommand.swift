import Admin
import ArgumentParser
import Foundation
import Reconciler
import Simulator

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Keeps the fleet as it is declared: listens, refreshes, corrects drift, and shows what it does.",
        discussion: """
            Runs until SIGTERM or Ctrl-C: what is under way is written down, and a later
            start goes on from there. The manifests are read again when they change; a
            broken change is told, and those before stay in force. The carrier's records
            are read at the start and every --refresh-every. What is to be done is done by
            the roll-out policy of each set; drift by its `drift:` (correct, report or
            off). Of a set of which more would change than its maxChange allows nothing is
            sent before a person has looked: `profilectl apply --allow-large-change`.

            SIGHUP reads the manifests, the certificate, the callback credentials (where a
            file holds them) and the carrier's records again.
            People and monitors look at the admin endpoint: a dashboard at /, /healthz,
            /readyz, /metrics, and a JSON API described at /api/v1/openapi.json. Anywhere
            but on loopback it asks for the token in PROFILECTL_ADMIN_TOKEN.

            Examples:
              profilectl serve fleet/
              profilectl serve fleet/ --admin 0.0.0.0:9180 --log-format json
              profilectl serve --git ssh://git.example.com/fleet.git phoenix/
              profilectl serve fleet/ --simulate   # leaves nothing behind
            """)

    @Argument(
        help: "YAML files and directories of them; with --git, within the repository.",
        completion: .file(extensions: ["yaml", "yml"]))
    var paths: [String] = []

    @Option(help: ArgumentHelp("Follow a git repository: a path or a URL.", valueName: "repository"))
    var git: String?

    @Option(help: ArgumentHelp("The branch or tag of it that is in force; `main` without it.", valueName: "name"))
    var branch: String?

    @Flag(help: "Take warnings (check digits, lengths) for errors.")
    var strict = false

    @OptionGroup var tables: TableOptions

    @Option(help: ArgumentHelp("Where people and monitors may look; `off` for nowhere.", valueName: "host:port"))
    var admin: String?

    @Option(duration: "How often the carrier's records are read (30m, 6h).")
    var refreshEvery: Duration?

    @Option(duration: "How long answers to device lists are awaited.")
    var listTimeout: Duration?

    @Option(duration: "How often the manifests are looked at.")
    var manifestInterval: Duration?

    @Option(duration: "How long the end may take after SIGTERM.")
    var drainTimeout: Duration?

    @Flag(help: "Use the carrier's simulator, in this process, and a throw-away store unless --state is given.")
    var simulate = false

    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Settings") var overrides: SettingsOverrides
    @OptionGroup(title: "Lists") var lists: ListArguments
    @OptionGroup(title: "Simulator") var simulator: SimulatorArguments

    func validate() throws {
        guard !overrides.retrySignIn else {
            throw ValidationError(
                "--retry-sign-in is for one run, and a service is started again and again, up to the fifth refusal that "
                    + "locks the contact. Use it once with `profilectl callbacks list`; `serve` goes on by itself then."
            )
        }
        guard !paths.isEmpty || git != nil else {
            throw ValidationError("Name manifests: files, directories of them, or a repository with --git.")
        }
        guard git != nil || branch == nil else {
            throw ValidationError("--branch is of a git repository: name that with --git.")
        }
        let durations = [
            ("--refresh-every", refreshEvery), ("--manifest-interval", manifestInterval),
            ("--drain-timeout", drainTimeout),
        ]
        for case (let option, let given?) in durations where given <= .zero {
            throw ValidationError("\(option) is a time, such as 30s, 15m or 6h, and longer than nothing.")
        }
        guard git == nil || !simulate else {
            throw ValidationError("--simulate takes its devices from files: name a checkout instead of --git.")
        }
        guard !paths.contains("-") else {
            throw ValidationError("`serve` reads the manifests again when they change: standard input cannot be.")
        }
    }

    func run() async throws {
        LargeMemory.giveBackAtOnce()
        try await reporting(common) {
            var settings = lists.applied(to: overrides.applied(to: try common.settings()))
            let secrets = Secrets(environment: ProcessInfo.processInfo.environment)
            guard simulate else {
                return try await serve(
                    settings, secrets, try secrets.carrierCredentials(), try secrets.callbackCredentials())
            }
            let scratch = common.state == nil ? try ScratchFolder() : nil
            defer { scratch?.remove() }
            if let scratch { settings.state = "sqlite:\(scratch.path)/state.db" }
            let fleet = try await ManifestArguments.load(paths, isStrict: strict, tables, common)
            try await simulator.whileRunning(
                inventory: simulator.inventory(of: fleet), host: "127.0.0.1", port: 0, logger: common.logger()
            ) { [settings] running in
                printError("The simulator answers at \(running.baseURL).")
                let settings = settings.directed(to: running)
                try await serve(settings, secrets, running.credentials, running.callbackCredentials)
            }
        }
    }

    private func serve(
        _ settings: Settings, _ secrets: Secrets, _ credentials: CarrierCredentials,
        _ callbackCredentials: CallbackCredentials
    ) async throws {
        var settings = settings
        settings.refreshInterval = refreshEvery ?? settings.refreshInterval
        settings.manifestInterval = manifestInterval ?? settings.manifestInterval
        settings.drainTimeout = drainTimeout ?? settings.drainTimeout
        settings.adminListen = admin ?? settings.adminListen
        let store = try await settings.openStore()
        let logger = common.logger()
        let environment = ProcessInfo.processInfo.environment
        var options = ControllerOptions(settings)
        options.listTimeout = listTimeout ?? options.listTimeout
        // A simulator's own are of its making.
        var readCallbackCredentials: (@Sendable () throws -> CallbackCredentials)?
        if !simulate { readCallbackCredentials = { try secrets.callbackCredentials() } }
        let controller = Controller(
            origin: try origin(settings), isStrict: strict, settings: settings,
            options: options, carrierCredentials: credentials,
            callbackCredentials: callbackCredentials, store: store,
            notifier: try secrets.notifyURL().map { WebhookNotifier(url: $0, clock: SystemClock(), logger: logger) },
            supervisor: SupervisorNotifier(environment: environment),
            readCallbackCredentials: readCallbackCredentials,
            clock: SystemClock(), logger: logger,
            observer: try KillAtStep(environment: environment) ?? IndifferentObserver())
        let (stop, reload) = (Wakeup(), Wakeup())
        let adminServer = try AdminConfiguration(settings, token: secrets.adminToken()).map { configuration in
            AdminServer(
                configuration: configuration, board: controller.board, store: store, wakeup: controller.wakeup,
                clock: SystemClock(), logger: logger, version: profilectlVersion)
        }
        try await InterruptSignals.draining(stop, reload: reload, within: settings.drainTimeout) {
            async let _: Void = LargeMemory.giveBackContinually()
            try await controller.run(until: stop, reload: reload, shownBy: adminServer) { sentence in
                printError("\(sentence)")
            }
        }
    }

    private func origin(_ settings: Settings) throws -> any ManifestOrigin {
        guard let git else {
            return WatchedManifests(paths: paths, allowsExternalTables: tables.allowsExternal)
        }
        try UnexpandedPath.check(git, as: "--git")
        let manifests = try GitManifests(
            repository: git, branch: branch ?? "main", paths: paths,
            cache: StateLocation.folder("git", beside: settings.state))
        if manifests.holdsPassword {
            common.warn(
                "The address of --git holds a password, which anybody on this machine sees in the list of processes. "
                    + "Use ssh, GIT_ASKPASS or a credential helper of git.")
        }
        return manifests
    }
}
