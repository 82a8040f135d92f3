import ArgumentParser
import Reconciler

/// A duration on the command line: `30s`, `15m`, `6h`.
struct DurationArgument: ExpressibleByArgument {
    let duration: Duration

    init(_ duration: Duration) {
        self.duration = duration
    }

    init?(argument: String) {
        guard let duration = Duration(settingText: argument) else { return nil }
        self.duration = duration
    }

    var defaultValueDescription: String { "\(duration.components.seconds)s" }
}

/// How the carrier is called.
struct CarrierOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the carrier's API is.", valueName: "url"))
    var baseURL: String?

    @Flag(help: "Sign in although it was refused too often, because the credentials are right: in this run only.")
    var retrySignIn = false

    func applied(to settings: Settings) -> Settings {
        var settings = settings
        settings.baseURL = baseURL ?? settings.baseURL
        return settings
    }
}

/// Options that stand above the settings file and the environment.
struct SettingsOverrides: ParsableArguments {
    @OptionGroup var carrier: CarrierOptions

    @Option(help: ArgumentHelp("Host and port to listen on for callbacks.", valueName: "host:port"))
    var callbacksListen: String?

    @Option(help: ArgumentHelp("The URL that the carrier is told to call.", valueName: "url"))
    var callbacksURL: String?

    @Option(help: "What to do about the callback registration: check, auto or never.")
    var register: RegistrationMode?

    @Option(help: "Look devices up that were never seen (lookup), or trust the plan (trust).")
    var verify: ApplyOptions.Verification?

    @Option(help: "How long a callback is awaited before the device is looked up.")
    var callbackDeadline: DurationArgument?

    @Option(help: "How long after a warning the second callback is awaited.")
    var enableAfter: DurationArgument?

    @Option(help: "The wait before a second attempt; it doubles with each further one.")
    var retryDelay: DurationArgument?

    var retrySignIn: Bool { carrier.retrySignIn }

    func applied(to settings: Settings) -> Settings {
        var settings = carrier.applied(to: settings)
        settings.callbackListen = callbacksListen ?? settings.callbackListen
        settings.callbackURL = callbacksURL ?? settings.callbackURL
        settings.register = register ?? settings.register
        settings.verification = verify ?? settings.verification
        settings.policy.callbackDeadline = callbackDeadline?.duration ?? settings.policy.callbackDeadline
        settings.policy.enableAfter = enableAfter?.duration ?? settings.policy.enableAfter
        settings.policy.retryDelay = retryDelay?.duration ?? settings.policy.retryDelay
        return settings
    }
}
