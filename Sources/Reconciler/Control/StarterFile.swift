import Foundation

/// One file of the directory that people begin with.
struct StarterFile: Sendable {
    let name: String
    let text: String
    /// What to do where there is a file of that name.
    var adviceIfThere = ""

    /// - Throws: `EncodingError`, never in fact: the schemas can be written as JSON.
    static func all() throws -> [StarterFile] {
        [
            StarterFile(name: "profilectl.yaml", text: settings), StarterFile(name: "fleet/meters.yaml", text: fleet),
            StarterFile(name: "fleet/inventory/meters.csv", text: table),
            StarterFile(name: "schema/profileset.json", text: try ManifestShape.schema.document()),
            StarterFile(name: "schema/settings.json", text: try SettingsShape.schema.document()),
            StarterFile(
                name: ".gitignore", text: gitignore, adviceIfThere: "Add `.profilectl/` to it: the state is no source."),
            StarterFile(name: "README.md", text: readme),
        ]
    }

    private static let settings = """
        # yaml-language-server: $schema=schema/settings.json
        # What profilectl works with. Secrets come from the environment, never from here: THINGSPACE_CLIENT_ID,
        # THINGSPACE_CLIENT_SECRET, THINGSPACE_USERNAME, THINGSPACE_PASSWORD, PROFILECTL_CALLBACK_USERNAME and
        # PROFILECTL_CALLBACK_PASSWORD, or files that ..._FILE names.
        thingspace:
          baseURL: https://thingspace.verizon.com/api

        # What is known of the devices, and what was done to them.
        state: sqlite:.profilectl/state.db

        # How the carrier tells outcomes. Without `url` it cannot: devices are changed with --simulate only.
        callbacks:
          listen: 0.0.0.0:9001
          # url: https://fleet.example.com:9001/callbacks     # what the carrier is told to call
          # tls: {certificate: fleet.crt, key: fleet.key}     # or behindProxy: true
          register: check                                     # check, auto (register where nobody is), never

        # Devices that were never seen are looked up before anything is done to them.
        verify: lookup

        """

    private static let fleet = """
        # yaml-language-server: $schema=../schema/profileset.json
        # A fleet: devices, and the profile state that each must have. The numbers are made up; put yours here.
        apiVersion: profilectl/v1
        kind: ProfileSet
        metadata:
          name: meters
          labels: {product: meter}
        defaults:                                   # of devices that do not say otherwise
          accountName: "0342077109-00001"           # quoted, so that other tools keep the leading zero
          smsrOid: 1.3.6.1.4.1.31746.1.500.200.101.5
          state: downloaded-enabled                 # or downloaded-disabled
        rollout:                                    # how a change of this set is let out
          waves: [10%, 100%]                        # a wave starts when the one before has landed
          abortWhen: {failed: 5%, atLeast: 1}       # stops within the first wave; a small one cannot reach more
          maxChange: 30%                            # more at once needs --allow-large-change
        devices:
          - eid: "89049032000000000000000090000158"
            iccid: "89148000000108000010"
            labels: {site: phoenix-7}
          - eid: "89049032000000000000000090000255"
            iccid: "89148000000108000028"
            state: downloaded-disabled              # a spare, enabled when it is mounted
            labels: {site: phoenix-8}
        devicesFrom:                                # further devices, as a table from another system
          - csv: inventory/meters.csv

        """

    private static let table = """
        eid,iccid,imei,state,label:site
        89049032000000000000000090000352,89148000000108000036,356938039000030,,tucson-1
        89049032000000000000000090000449,89148000000108000044,356938039000048,downloaded-disabled,tucson-2

        """

    private static let gitignore = """
        # The known state: it is made from what the carrier says, and is no source.
        .profilectl/

        """

    private static let readme = """
        # Our fleet

        `fleet/` declares which profile state every device must have; `profilectl` takes the devices there.

        ```console
        profilectl validate fleet              # is it well-formed?
        profilectl plan fleet                  # what would change?
        profilectl apply fleet --simulate      # try it, on a simulator of the carrier
        profilectl apply fleet                 # do it: needs the secrets and `callbacks.url` in profilectl.yaml
        profilectl plan fleet --target label:site=phoenix-7
        profilectl status
        ```

        `schema/` lets editors complete and check the YAML (with yaml-language-server). After an upgrade of profilectl:

        ```console
        profilectl schema > schema/profileset.json
        profilectl schema --settings > schema/settings.json
        ```

        """
}

extension SchemaValue {
    /// As a file: what `profilectl schema` prints.
    /// - Throws: `EncodingError`
    public func document() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
