import ArgumentParser
import Foundation
import Reconciler

struct CallbacksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callbacks",
        abstract: "Shows and changes where the carrier sends the callbacks of accounts.",
        discussion: """
            The carrier has one endpoint for each account and service. profilectl needs
            DeviceProfileService.

            Examples:
              profilectl callbacks list fleet/
              profilectl callbacks register --account 0342077109-00001
              profilectl callbacks deregister --account 0342077109-00001
            """,
        subcommands: [
            CallbacksListCommand.self, CallbacksRegisterCommand.self, CallbacksDeregisterCommand.self,
        ])
}

/// What all commands about callbacks have in common.
struct CallbackOptions: ParsableArguments {
    @OptionGroup var accounts: AccountArguments
    @OptionGroup var common: CommonOptions
    @OptionGroup var carrier: CarrierOptions

    @Option(duration: "How long the carrier is waited for (30s, 5m).")
    var timeout = Duration.seconds(300)

    func settings() throws -> Settings { carrier.applied(to: try common.settings()) }

    func forEachAccount<Result: Sendable>(
        _ work: @escaping @Sendable (CallbackAdministration, AccountName) async throws -> Result
    ) async throws -> [Result] {
        let settings = try settings()
        let scope = try await accounts.scope(common)
        let secrets = Secrets(environment: ProcessInfo.processInfo.environment)
        let session = CallbackSession(
            scope, settings: settings, credentials: try secrets.carrierCredentials(),
            store: try await settings.openStore(), retriesSignIn: carrier.retrySignIn,
            redactor: try secrets.callbackRedactor(), timeout: timeout
        ) {
            printError("\($0)")
        }
        return try await InterruptSignals.stopping(session.stop) { try await session.forEachAccount(work) }
    }
}

struct CallbacksListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Shows where the carrier sends the callbacks of accounts; never the passwords.",
        discussion: """
            Examples:
              profilectl callbacks list fleet/
              profilectl callbacks list --account 0342077109-00001 --format json
            """)

    @OptionGroup var options: CallbackOptions

    @Option(help: "How it is printed: text or json.")
    var format: OutputFormat = .text

    func run() async throws {
        try await reporting(options.common) {
            let registrations = try await options.forEachAccount { try await $0.list($1) }.flatMap(\.self)
            switch format {
            case .json: try printJSON(registrations.map(CallbackRegistrationDocument.init))
            case .text:
                if registrations.isEmpty { try printLine("No callbacks are registered.") }
                for registration in registrations {
                    let user: DisplayText =
                        registration.username.isEmpty ? "" : "  as \(registration.username, limit: 100)"
                    try printLine(
                        "\(registration.accountName)  \(registration.serviceName, limit: 100)  \(registration.url, limit: 500)"
                            + user)
                }
            }
        }
    }
}

struct CallbacksRegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Has the carrier send the profile callbacks of accounts to us.",
        discussion: """
            The URL is `callbacks.url` of the settings unless --url is given; the user
            name and password that each callback must carry come from the environment.
            Another system's endpoint stays unless --replace is given.

            Examples:
              profilectl callbacks register fleet/
              profilectl callbacks register --account 0342077109-00001 --replace
            """)

    @OptionGroup var options: CallbackOptions

    @Option(help: "The URL that the carrier is to call.")
    var url: String?

    @Flag(help: "Let another endpoint that is registered make way.")
    var replace = false

    func run() async throws {
        try await reporting(options.common) {
            var settings = try options.settings()
            settings.callbackURL = url ?? settings.callbackURL
            let secrets = Secrets(environment: ProcessInfo.processInfo.environment)
            let credentials = try secrets.callbackCredentials()
            let url = try settings.registrableCallbackURL(with: credentials)
            let shown = CallbackURL(url)
            let replace = replace
            // What was changed is told at once: the next account may fail.
            _ = try await options.forEachAccount { administration, account in
                switch try await administration.register(
                    account, url: url, credentials: credentials, replaces: replace)
                {
                case .alreadyOurs: try printLine("Account \(account): already registered at \(shown).")
                case .registered: try printLine("Account \(account): registered at \(shown).")
                case .renewed:
                    try printLine(
                        "Account \(account): registered anew at \(shown), with the user name and password of now.")
                case .replaced(let other):
                    try printLine("Account \(account): registered at \(shown), instead of \(other, limit: 500).")
                }
            }
        }
    }
}

struct CallbacksDeregisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deregister",
        abstract: "Ends the registration of our endpoint for the profile callbacks of accounts.",
        discussion: """
            Only a registration at `callbacks.url` of the settings (or --url) is ended,
            unless --replace is given.

            Examples:
              profilectl callbacks deregister fleet/
              profilectl callbacks deregister --account 0342077109-00001 --replace
            """)

    @OptionGroup var options: CallbackOptions

    @Option(help: "The URL that is registered.")
    var url: String?

    @Flag(help: "End it whichever URL is registered, also another system's.")
    var replace = false

    func run() async throws {
        try await reporting(options.common) {
            let settings = try options.settings()
            let url = replace ? nil : self.url ?? settings.callbackURL
            guard replace || url != nil else {
                throw SettingsError("Name the URL that is registered with --url, or set callbacks.url.")
            }
            _ = try await options.forEachAccount { administration, account in
                let ended = try await administration.deregister(account, url: url)
                let what: DisplayText =
                    ended.map { "\($0, limit: 500) is no longer registered." } ?? "nothing was registered."
                try printLine("Account \(account): " + what)
            }
        }
    }
}
