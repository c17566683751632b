/** An address that was checked. */
export interface Address {
    kind: 'git' | 'url';
    /** For the program that fetches it. */
    address: string;
    /** Without user and password: what is told and stored. */
    shown: string;
    ref: string | undefined;
    /** Name of the folder of its copy. */
    key: string;
}
/** The listed sources, checked before anything is fetched. */
export declare function addressesOf(sources: unknown): Address[];
