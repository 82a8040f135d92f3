/// The YAML of `profilectl.yaml`: its keys, for the decoder, and its JSON Schema, for editors.
public enum SettingsShape {
    /// The JSON Schema of the settings file, draft 07.
    public static let schema: SchemaValue = top.schema.adding([
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "profilectl settings",
        "description": "What profilectl works with. Secrets come from the environment, never from here.",
    ])

    static let top = MappingShape([
        .optional("thingspace", .mapping(thingspace), "Where the carrier's API is."),
        .optional(
            "state", .text(), "Where the known state is kept; a relative path is below the folder of this file.",
            examples: ["sqlite:.profilectl/state.db"]),
        .optional(
            "stateTimeout", .duration, "How long another process that writes to the state is waited for.",
            examples: ["10s"]),
        .optional(
            "history", .duration,
            "How long the past is kept (events, callbacks, requests, runs), at least 7d; what is open, and the latest of "
                + "each device, is kept for ever.", examples: ["90d"]),
        .optional("callbacks", .mapping(callbacks), "How the carrier's callbacks come in."),
        .optional("refresh", .mapping(refresh), "How the carrier's records are read."),
        .optional("admin", .mapping(admin), "Where a controller shows itself: metrics, dashboard, API."),
        .optional("serve", .mapping(serve), "How a controller goes about its work."),
        .optional(
            "verify", .words(ApplyOptions.Verification.allCases.map(\.rawValue)),
            "Look devices up that were never seen before they are acted upon, or trust the plan."),
        .optional("convergence", .mapping(convergence), "How outcomes are awaited, and failures tried again."),
    ])

    static let thingspace = MappingShape([
        .optional(
            "baseURL", .text(), "Where the carrier's API is; http only for a simulator on loopback.",
            examples: ["https://thingspace.verizon.com/api"])
    ])

    static let callbacks = MappingShape([
        .optional("listen", .text(), "Host and port on which callbacks are listened for.", examples: ["0.0.0.0:9001"]),
        .optional(
            "url", .text(),
            "What the carrier is told to call; it calls the ports 80, 443, 9001-9006, 50551-50559 and 28200-28220.",
            examples: ["https://fleet.example.com:9001/callbacks"]),
        .optional(
            "tls", .mapping(tls), "The files that TLS is spoken with; without them only on loopback or behind a proxy."),
        .optional(
            "allow", .list(.form(client), isNeverEmpty: true),
            "Addresses and networks that callbacks may come from, `thingspace` for those that the carrier publishes; "
                + "without it all.", examples: [["thingspace", "203.0.113.0/24"]]),
        .optional("behindProxy", .truth, "Whether a proxy speaks TLS for the listener."),
        .optional(
            "register", .words(RegistrationMode.allCases.map(\.rawValue)),
            "Check whether the carrier calls us, register where nobody is (auto), or do not look (never)."),
    ])

    static let tls = MappingShape([
        .required(
            "certificate", .text(),
            "The path of a PEM file with the certificate chain, below the folder of this file if relative.",
            examples: ["fleet.crt"]),
        .required("key", .text(), "The path of a PEM file with the private key.", examples: ["fleet.key"]),
    ])

    /// An address or a network, of either family, or the carrier's word. Of IPv6 only the characters are looked at.
    private static let client: String = {
        let byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
        let version4 = #"(?:\#(byte)\.){3}\#(byte)(?:/(?:3[0-2]|[12]?[0-9]))?"#
        let version6 = "[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))?"
        return "^(?:thingspace|\(version4)|\(version6))$"
    }()

    static let admin = MappingShape([
        .optional(
            "listen", .text(), "Host and port; beyond this machine a token is needed.", examples: ["127.0.0.1:9180"]),
        .optional("tls", .mapping(tls), "The files that TLS is spoken with; without them plain HTTP."),
    ])

    static let serve = MappingShape([
        .optional(
            "drainTimeout", .duration, "How long what is under way is waited for at the end.", examples: ["30s"]),
        .optional(
            "manifestInterval", .duration,
            "How often it is looked whether the manifests have changed: 5s for files, 1m for git if it is not set.",
            examples: ["5s"]),
    ])

    static let refresh = MappingShape([
        .optional("v1", .truth, "Whether the synchronous device list is read.", examples: [true]),
        .optional("v2", .truth, "Whether the asynchronous device list is read.", examples: [true]),
        .optional("every", .duration, "How often it is read.", examples: ["6h"]),
    ])

    static let convergence = MappingShape([
        .optional(
            "callbackDeadline", .duration, "How long a callback is awaited before the device is looked up.",
            examples: ["30m"]),
        .optional(
            "enableAfter", .duration, "How long after a warning an enable is asked for.", examples: ["30m"]),
        .optional(
            "retryDelay", .duration, "The wait before a second attempt; it doubles with each further one.",
            examples: ["1m"]),
        .optional("maximumAttempts", .whole(1...100), "Attempts that a device has at most.", examples: [4]),
        .optional(
            "maxChange", .percent,
            "The share of the devices of an account, and of all of a run, whose profile is known to be there that may change "
                + "at once, whatever the profile sets allow.", examples: ["30%"]),
        .optional(
            "verifyAfter", .duration, "Records of the carrier's that were read longer ago permit no download.",
            examples: ["24h"]),
    ])
}
